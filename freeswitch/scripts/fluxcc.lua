-- The board's synchronous door: one API call, one answer. fluxcc-kit-version: 3
--
--     api lua fluxcc.lua ACTION agent=1000 [call=UUID] [service=NAME] [survey=no] [wait=SECONDS]
--       [reason=TEXT]
--
-- prints "+OK CODE TEXT" or "-ERR CODE TEXT" within 5.5 seconds, or within those that wait= names: a
-- conference in a room of the PBX's that was given longer is answered as much later. Where the PBX
-- has several SIP domains it is agent=1000@a.example. The script fires the same request event as a
-- board would and waits for its reply event; the daemon decides and writes the audit. reason takes
-- the rest of the line; other values have no blanks (%20 stands for one).

-- The daemon's limit (REPLY_LIMIT in fluxcc/domain/requests.py, 5 s) and what two events and this
-- script may take beside it.
local REPLY_TIMEOUT_MS = 5500
local WAIT = "^%d%d?$"
local REQUEST_ID = "^[A-Za-z0-9._:-]+$"
local LONGEST_REQUEST_ID = 64
local NAMES = {
  agent = "Fluxcc-Agent",
  call = "Fluxcc-Call",
  service = "Fluxcc-Service",
  survey = "Fluxcc-Survey",
  reason = "Fluxcc-Reason",
  language = "Fluxcc-Language",
  zone = "Fluxcc-Zone",
  id = true,
}

local api = freeswitch.API()

local function answer(text)
  stream:write(text .. "\n")
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex)
    local byte = tonumber(hex, 16)
    -- A line end in the value would end its header.
    return byte < 32 and " " or string.char(byte)
  end))
end

local function read(words)
  local fields, last = {}, nil
  for index = 2, #words do
    local name, value = words[index]:match("^(%a+)=(.*)$")
    if name == "wait" and last ~= "reason" and value:match(WAIT) then
      fields.wait = value
    elseif name and NAMES[name] and last ~= "reason" then
      fields[name], last = value, name
    elseif last == "reason" then
      fields.reason = fields.reason .. " " .. words[index]
    else
      return nil, words[index]
    end
  end
  return fields
end

local words = {}
for index = 1, 64 do
  if argv[index] == nil then
    break
  end
  words[index] = argv[index]
end

local fields, wrong = read(words)
if #words == 0 or fields == nil then
  answer("-ERR malformed-request " .. (wrong and "what is this: " .. wrong:gsub("%c", " ")
    or "usage: lua fluxcc.lua ACTION agent=EXT [call=UUID] [service=NAME] [reason=TEXT]"))
  return
end

local timeout_ms = fields.wait and tonumber(fields.wait) * 1000 or REPLY_TIMEOUT_MS
fields.wait = nil
-- Decoded, as the daemon gets it and its reply names it.
local id = fields.id and decode(fields.id) or api:execute("create_uuid", ""):gsub("[^%w-]", "")
if #id > LONGEST_REQUEST_ID or not id:match(REQUEST_ID) then
  -- The daemon's reply to such a one names no request, so it would be waited for in vain.
  answer("-ERR malformed-request a request ID is 1 to 64 of A-Za-z0-9._:-")
  return
end
fields.id = nil

-- Subscribe before the request is fired, so that the reply is not missed.
local replies = freeswitch.EventConsumer("CUSTOM", "fluxcc::reply")
local request = freeswitch.Event("CUSTOM", "fluxcc::request")
request:addHeader("Fluxcc-Request-ID", id)
request:addHeader("Fluxcc-Action", decode(words[1]))
for name, value in pairs(fields) do
  request:addHeader(NAMES[name], decode(value))
end
request:fire()

local function now_ms()
  return tonumber(api:execute("strmicroepoch", "")) / 1000
end

local deadline = now_ms() + timeout_ms
local reply = nil
while reply == nil do
  local left = deadline - now_ms()
  if left <= 0 then
    break
  end
  local event = replies:pop(1, math.max(1, math.floor(left)))
  if event ~= nil and event:getHeader("Fluxcc-Request-ID") == id then
    reply = event
  end
end
replies:cleanup()


if reply == nil then
  answer("-ERR outcome-unknown the fluxcc daemon did not answer")
else
  local sign = reply:getHeader("Fluxcc-Status") == "ok" and "+OK " or "-ERR "
  answer(sign .. reply:getHeader("Fluxcc-Code") .. " " .. (reply:getHeader("Fluxcc-Text") or ""))
end

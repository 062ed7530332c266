-- Avali-E: asks a customer one to three questions after a call. fluxcc-kit-version: 2
--
-- Counterpart: fluxcc's daemon, which sends the customer here with the survey's facts in channel
-- variables (fluxcc_survey_*, percent-encoded), and takes the answers in: from the event
-- fluxcc::survey at once, and from a file in the spool, which stays there while the daemon is down.
--
-- A customer has two tries of ten seconds a question; a key pressed during the prompt counts. Where
-- the customer hangs up, the earlier answers are kept. No text that a caller chose becomes part of
-- a file's name or of a command.

local TRIES = 2
local ANSWER_TIMEOUT_MS = 10000
local SECOND_DIGIT_MS = 2000
local SCALES = {
  ["1-5"] = { digits = 1, pattern = "^[1-5]$" },
  ["0-10"] = { digits = 2, pattern = "^(10|[0-9])$" },
}

local api = freeswitch.API()

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function variable(name)
  return decode(session:getVariable("fluxcc_survey_" .. name) or "")
end

local function global(name)
  return (api:execute("global_getvar", name):gsub("%s+$", ""))
end

-- A text as JSON. Bytes from 128 up are left as they are (UTF-8).
local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return string.format("\\u%04x", string.byte(c))
  end) .. '"'
end

local function line(fields)
  local parts = {}
  for _, field in ipairs(fields) do
    parts[#parts + 1] = quote(field[1]) .. ":" .. quote(field[2])
  end
  return "{" .. table.concat(parts, ",") .. "}\n"
end

local id = api:execute("create_uuid", ""):gsub("[^%w-]", "")
local questions = tonumber(variable("questions")) or 1
questions = math.max(1, math.min(3, math.floor(questions)))
local scale_name = variable("scale")
local scale = SCALES[scale_name]
if scale == nil then
  scale_name, scale = "1-5", SCALES["1-5"]
end

local prompts = variable("prompts")
if not prompts:match("^/[%w_./-]+$") then
  prompts = global("sounds_dir") .. "/fluxcc/pt_BR"
end

local spool = global("fluxcc_survey_spool")
if spool == "" then
  spool = global("storage_dir")
end
local part = spool .. "/fluxcc-survey-" .. id .. ".part"
local done = spool .. "/fluxcc-survey-" .. id .. ".done"
local offered = api:execute("strepoch", ""):gsub("%s+$", "")
local answers = {}

local function record()
  local fields = {
    { "Fluxcc-Survey", id },
    { "Fluxcc-Call", variable("call") },
    { "Fluxcc-Number", variable("number") },
    { "Fluxcc-Group", variable("group") },
    { "Fluxcc-Agent", variable("agent") },
    { "Fluxcc-Domain", variable("domain") },
    { "Fluxcc-Direction", variable("direction") },
    { "Fluxcc-Started", variable("started") },
    { "Fluxcc-Offered", offered },
    { "Fluxcc-Questions", tostring(questions) },
    { "Fluxcc-Scale", scale_name },
  }
  for number = 1, questions do
    fields[#fields + 1] = { "Fluxcc-Answer-" .. number, answers[number] or "" }
  end
  return fields
end

-- Write the answers to the spool first, then fire them: an answer that was fired is never lost.
local function publish(state)
  local fields = record()
  local file, reason = io.open(part, "a")
  if file then
    file:write(line(fields))
    file:close()
  else
    freeswitch.consoleLog("err", "fluxcc: the survey's spool cannot be written: " .. reason .. "\n")
  end
  local event = freeswitch.Event("CUSTOM", "fluxcc::survey")
  for _, field in ipairs(fields) do
    event:addHeader(field[1], field[2])
  end
  event:addHeader("Fluxcc-State", state)
  event:fire()
end

local function prompt(name)
  return prompts .. "/" .. name .. ".wav"
end

local function ask(number)
  local digits = session:playAndGetDigits(
    1, scale.digits, TRIES, ANSWER_TIMEOUT_MS, "#",
    prompt("question_" .. number .. "_" .. scale_name),
    prompt("invalid"), scale.pattern, "", SECOND_DIGIT_MS)
  if digits ~= nil and digits ~= "" then
    answers[number] = digits
  end
end

session:setAutoHangup(false)
-- Disarm the survey, so that the end of a later bridge does not send the customer here again.
session:setVariable("transfer_after_bridge", "")
if session:ready() then
  session:answer()
  publish("offered")
  for number = 1, questions do
    if not session:ready() then
      break
    end
    ask(number)
    if answers[number] then
      publish("answer")
    end
  end
  publish("ended")
  os.rename(part, done)
  if session:ready() then
    session:streamFile(prompt("thanks"))
  end
end

-- Avali-E: asks a customer one to three questions after a call. fluxcc-kit-version: 3
--
-- Counterpart: fluxcc's daemon, which sends the customer here with the survey's facts in channel
-- variables (fluxcc_survey_*, percent-encoded), and takes the answers in: from the event
-- fluxcc::survey at once, and from a file in the spool, which stays there while the daemon is down.
--
-- A customer has two tries of ten seconds a question; a key pressed during the prompt counts. Where
-- the customer hangs up, the earlier answers are kept. No text that a caller chose becomes part of
-- a file's name or of a command.
--
-- A question whose recording FreeSWITCH cannot read is not asked: nobody can answer what nobody
-- hears. Each record and event says so (Fluxcc-Unheard, Fluxcc-Unplayable), and each event also
-- whether the spool could not be written (Fluxcc-Spool-Failure).
--
-- `api lua avali_e.lua check QUESTIONS SCALE LANGUAGE [FOLDER]` tells the same without a customer: a
-- line for each fault, and a last line `checked`. It looks with the rights of FreeSWITCH's own user.

local TRIES = 2
local ANSWER_TIMEOUT_MS = 10000
local SECOND_DIGIT_MS = 2000
local UNHEARD_PAUSE_MS = 2000
-- Where mod_sndfile looks for a recording: in folders named by sample rates first.
local PLACES = { "/", "/8000/", "/16000/", "/32000/", "/48000/" }
local SCALES = {
  ["1-5"] = { digits = 1, pattern = "^[1-5]$" },
  ["0-10"] = { digits = 2, pattern = "^(10|[0-9])$" },
}

local LANGUAGES = { en = true, pt_BR = true }

local api = freeswitch.API()

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function variable(name)
  return session and decode(session:getVariable("fluxcc_survey_" .. name) or "") or ""
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

local wanted = {
  questions = variable("questions"),
  scale = variable("scale"),
  language = variable("language"),
  prompts = variable("prompts"),
}
if not session then
  wanted.questions, wanted.scale = argv[2] or "", argv[3] or ""
  wanted.language, wanted.prompts = argv[4] or "", argv[5] or ""
end

local id = api:execute("create_uuid", ""):gsub("[^%w-]", "")
local questions = tonumber(wanted.questions) or 1
questions = math.max(1, math.min(3, math.floor(questions)))
local scale_name = wanted.scale
local scale = SCALES[scale_name]
if scale == nil then
  scale_name, scale = "1-5", SCALES["1-5"]
end

local prompts = wanted.prompts
if not prompts:match("^/[%w_./-]+$") then
  local language = LANGUAGES[wanted.language] and wanted.language or "pt_BR"
  prompts = global("sounds_dir") .. "/fluxcc/" .. language
end

local spool = global("fluxcc_survey_spool")
if spool == "" then
  spool = global("storage_dir")
end
local part = spool .. "/fluxcc-survey-" .. id .. ".part"
local done = spool .. "/fluxcc-survey-" .. id .. ".done"

local function prompt(name)
  return prompts .. "/" .. name .. ".wav"
end

local function question(number)
  return "question_" .. number .. "_" .. scale_name
end

-- Whether FreeSWITCH can read a recording. To read a byte is to know: a folder can be opened too.
local function is_playable(name)
  for _, place in ipairs(PLACES) do
    local file = io.open(prompts .. place .. name .. ".wav", "rb")
    if file then
      local byte = file:read(1)
      file:close()
      if byte then
        return true
      end
    end
  end
  return false
end

local unplayable = {}
local unheard = {}
local is_heard = {}
for number = 1, questions do
  is_heard[number] = is_playable(question(number))
  if not is_heard[number] then
    unheard[#unheard + 1] = tostring(number)
    unplayable[#unplayable + 1] = prompt(question(number))
  end
end
for _, name in ipairs({ "invalid", "thanks" }) do
  if not is_playable(name) then
    unplayable[#unplayable + 1] = prompt(name)
  end
end

-- Append a text to the survey's file; why that failed, or nothing.
local function append(text)
  local file, reason = io.open(part, "a")
  if file then
    local written, why_not_written = file:write(text)
    local closed, why_not_closed = file:close()
    if written and closed then
      return nil
    end
    reason = why_not_written or why_not_closed
  end
  -- The survey's id in the file's name helps nobody.
  return spool .. ": " .. (tostring(reason):match("[^:]*$"):gsub("^%s+", ""))
end

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
    { "Fluxcc-Unheard", table.concat(unheard, ",") },
    { "Fluxcc-Unplayable", table.concat(unplayable, ",") },
  }
  for number = 1, questions do
    fields[#fields + 1] = { "Fluxcc-Answer-" .. number, answers[number] or "" }
  end
  return fields
end

-- Write the answers to the spool first, then fire them: an answer that was fired is never lost.
local function publish(state)
  local fields = record()
  local failure = append(line(fields))
  if failure then
    freeswitch.consoleLog("err", "fluxcc: the survey's spool cannot be written: " .. failure .. "\n")
  end
  local event = freeswitch.Event("CUSTOM", "fluxcc::survey")
  for _, field in ipairs(fields) do
    event:addHeader(field[1], field[2])
  end
  event:addHeader("Fluxcc-Spool-Failure", failure or "")
  event:addHeader("Fluxcc-State", state)
  event:fire()
end

local function ask(number)
  local digits = session:playAndGetDigits(
    1, scale.digits, TRIES, ANSWER_TIMEOUT_MS, "#",
    prompt(question(number)),
    prompt("invalid"), scale.pattern, "", SECOND_DIGIT_MS)
  if digits ~= nil and digits ~= "" then
    answers[number] = digits
  end
end

local function ask_all()
  publish("offered")
  for number = 1, questions do
    if not session:ready() then
      break
    end
    if is_heard[number] then
      ask(number)
    end
    if answers[number] then
      publish("answer")
    end
  end
  publish("ended")
end

local function run()
  session:setAutoHangup(false)
  -- Disarm the survey, so that the end of a later bridge does not send the customer here again.
  session:setVariable("transfer_after_bridge", "")
  if not session:ready() then
    return
  end
  session:answer()
  for _, file in ipairs(unplayable) do
    freeswitch.consoleLog("err", "fluxcc: the survey cannot play " .. file .. "\n")
  end
  if #unheard < questions then
    ask_all()
  else
    publish("unheard")
    -- Not to cut the customer off in the middle of a word.
    session:sleep(UNHEARD_PAUSE_MS)
  end
  os.rename(part, done)
  if session:ready() then
    session:streamFile(prompt("thanks"))
  end
end

local function check()
  for _, file in ipairs(unplayable) do
    stream:write("unplayable " .. file .. "\n")
  end
  local failure = append("")
  os.remove(part)
  if failure then
    stream:write("spool " .. failure .. "\n")
  end
  stream:write("checked\n")
end

if session then
  run()
else
  check()
end

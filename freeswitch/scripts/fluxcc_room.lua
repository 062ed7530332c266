-- Releases somebody who waits in an agent's room alone. fluxcc-kit-version: 3
--
--     lua fluxcc_room.lua LEG ROOM
--
-- The room's dialplan schedules it for each one who enters, some seconds later: their partner may
-- have hung up on the way, or they dialled in by themselves. Whoever is left behind by the others
-- needs no script: mod_conference ends a room that had two in it and has one left (mintwo).

local leg, room = argv[1], argv[2]
if leg == nil or room == nil then
  return
end
-- A room of one domain has the domain in its name.
local extension, domain = room:match("^(%d+)(.*)$")
if extension == nil or not (domain == "" or domain:match("^@[%w._-]+$")) then
  return
end

local api = freeswitch.API()
local members, member, own = 0, nil, false
for line in (api:execute("conference", room .. " list") or ""):gmatch("[^\n]+") do
  local id = line:match("^(%d+);")
  if id then
    members, member = members + 1, id
    own = line:find(";" .. leg .. ";", 1, true) ~= nil
  end
end
-- One who came in later has a check of their own.
if members == 1 and own then
  api:execute("conference", room .. " hup " .. member)
end

// Scenarios that ship with the program: `lictor chaos simulate` plays them. Times are those of ten
// minutes; a shorter run has the same story in proportion.

export const STORY_MS = 600_000

/** Consul's own timing; one partition, one crash, one slow disk. */
const STANDARD = `
servers 3
heartbeat 1s
election 1s
lease 500ms
think 50ms
reads 75
stale 8
delay 2ms
disk 2ms
snapshot 500
trailing 50
wander 5

at 5s    check leader within 5s
at 30s   let old be leader
at 30s   isolate old for 30s
at 35s   check writes within 20s
at 35s   check old refuses within 5s
at 62s   check old follows within 5s
at 62s   check same within 5s
at 120s  crash follower for 20s
at 125s  check writes within 10s
at 145s  check same within 5s
at 300s  slow-disk leader by 100ms for 20s
at 310s  check writes within 10s
at 580s  check same within 15s
end 600s
`

/** One server sees both halves: there must not be two leaders that anybody believes. */
const BRIDGE = `
servers 5
heartbeat 1s
election 1s
lease 500ms
think 50ms
reads 75
stale 8
wander 5
delay 2ms
disk 2ms

at 5s    check leader within 5s
at 30s   cut node-1 node-2 from node-4 node-5 for 60s
at 40s   check writes within 20s
at 95s   check writes within 10s
at 120s  cut node-1 from node-2 node-3 node-4 for 60s
at 130s  check writes within 20s
at 190s  check writes within 10s
at 580s  check same within 15s
end 600s
`

export const STORIES = { standard: STANDARD, bridge: BRIDGE } as const
type StoryName = keyof typeof STORIES

export const isStory = (name: string): name is StoryName => Object.hasOwn(STORIES, name)

#compdef lictor consul-clone raftnode raftctl kvstore swimnode swimctl registry registry-dns chaos-consul
# zsh completion for lictor. Written by completions/generate.ts; do not edit.

# What may follow these words: name, colon, what it does.
_lictor_words() {
  reply=()
  case "$1" in
    '') reply=('agent:Run an agent' 'api:Send a request to the HTTP API' 'catalog:Look at datacenters, nodes and services' 'chaos:Search for mistakes in a simulated cluster' 'completion:Print the completion script of a shell' 'dns:Ask the DNS of an agent, and see why' 'dns-setup:Show how to make a machine find names of services' 'doctor:Find out what is wrong' 'event:Send an event to all agents' 'force-leave:Take a failed member out of the pool' 'help:Show help of a command or a topic' 'info:Show numbers from inside the agent' 'join:Let the agent join a pool' 'keygen:Draw a key for gossip encryption' 'keyring:Change or list the keys of gossip encryption' 'kv:Read and write the key/value store' 'kvstore:Run and ask a store that is copied without consensus' 'leave:Let the agent leave the cluster and stop' 'lock:Run something while holding a lock' 'logs:Show the log of a daemon that runs here' 'maint:Take a node or a service out of rotation' 'members:List the members of the pool' 'monitor:Follow the log of an agent' 'operator:Look after a cluster' 'ps:List the daemons that run here' 'raft:Run and ask a server of a raft cluster' 'registry:Run a service registry' 'registry-dns:Answer DNS for a service registry' 'reload:Let the agent read its configuration again' 'rtt:Estimate the round trip between two nodes' 'services:Register services with an agent' 'session:Begin, renew and end sessions, which hold locks' 'stop:Stop a daemon that runs here' 'swim:Run and ask a member of a gossip pool' 'validate:Check configuration files' 'version:Show the version' 'wait:Wait until something is so' 'watch:Follow a key, a prefix or a list') ;;
    'api') reply=('list:List the endpoints of the HTTP API') ;;
    'catalog') reply=('datacenters:List the datacenters' 'nodes:List nodes' 'services:List services by name') ;;
    'chaos') reply=('replay:See a run again, step by step' 'shrink:Make a failing run as small as it can be' 'simulate:Put a simulated cluster to the test') ;;
    'dns') reply=('curl-args:Let curl find a service by its name' 'query:Ask the DNS of the agent' 'trace:Show how a name becomes an answer') ;;
    'kv') reply=('delete:Delete a key, or all keys below a prefix' 'export:Print keys as JSON, for kv import' 'get:Read a key, or all keys below a prefix' 'import:Write keys from the JSON of kv export' 'put:Write a key') ;;
    'kvstore') reply=('follow:Make a node copy a leader' 'promote:Make a follower the leader' 'status:Show who leads, who lags, and where leaders differ') ;;
    'operator') reply=('autopilot:See and set how the servers look after themselves' 'raft:Look after the servers that order the writes' 'usage:Count what is in the catalog') ;;
    'operator autopilot') reply=('get-config:Show how the servers look after themselves' 'set-config:Change how the servers look after themselves' 'state:Show which servers are healthy, and how many may fail') ;;
    'operator raft') reply=('list-peers:List the servers, who votes and who leads' 'remove-peer:Remove a server that will not come back' 'transfer-leader:Let another server lead') ;;
    'operator usage') reply=('instances:Count nodes, services and their instances') ;;
    'raft') reply=('add:Add a server to a raft cluster' 'apply:Apply a command to the state of a raft cluster' 'get:Read a value from the state of a raft cluster' 'log:Show the log of a raft server' 'node:Run a server of a raft cluster' 'promote:Give a server of a raft cluster its vote' 'remove:Remove a server from a raft cluster' 'scenario:Play a famous case of raft step by step' 'snapshot:Save a snapshot of the state at servers of a raft cluster' 'status:Show the servers of a raft cluster' 'trace:Watch a raft cluster at work' 'transfer:Hand the leadership of a raft cluster over' 'wait:Wait until a raft cluster is so') ;;
    'services') reply=('deregister:Deregister services from the agent' 'export:Let other clusters use a service' 'register:Register services with the agent') ;;
    'session') reply=('create:Begin a session, which can hold locks' 'destroy:End a session' 'info:Show a session' 'list:List all sessions' 'node:List the sessions of a node' 'renew:Let the TTL of a session begin anew') ;;
    'swim') reply=('event:Tell an event to all members of a gossip pool' 'events:Show the events that a member has heard' 'force-leave:Say of a dead member that it has left' 'info:Show the state of a member' 'join:Join a member to a gossip pool' 'keygen:Draw a key for gossip encryption' 'keys:Change or list the encryption keys of a gossip pool' 'leave:Let a member leave its gossip pool and stop' 'members:List the members of a gossip pool' 'monitor:Follow the log of a member' 'node:Run a member of a gossip pool' 'query:Ask the members of a gossip pool' 'reachability:Test whether all live members can be reached' 'rtt:Estimate the round trip between two members' 'tags:Show or change the tags of a member' 'trace:Watch the gossip protocol at work' 'wait:Wait until a gossip pool is so') ;;
  esac
}

# The flags of a command; those with = take a value.
_lictor_flags() {
  reply=()
  case "$1" in
    'agent') reply=('-acl:check every request against access rules' '-advertise=:the address that others reach this node at' '-advertise-wan=:the same for other datacenters' '-allow-write-http-from=:accept writes by HTTP only from this network; repeatable' '-alt-domain=:a second domain to answer DNS for' '-auto-reload-config:reload when a file changes' '-bind=:the address that cluster traffic listens on' '-bootstrap:start a new cluster with this server alone' '-bootstrap-expect=:start a new cluster once this many servers have met' '-check_output_max_size=:keep this much of the output of a check' '-client=:the address that HTTP and DNS listen on' '-config-dir=:read every .json and .hcl file of a folder; repeatable' '-config-file=:read a file; repeatable, later ones win' '-config-format=:the language of files without such an ending' '-data-dir=:where the agent keeps its state' '-datacenter=:the datacenter this agent is in' '-default-query-time=:how long a blocking query waits when it does not say' '-dev:a server for development\: alone, in memory, nothing on disk' '-disable-host-node-id:draw the node id instead of deriving it from the machine' '-disable-keyring-file:keep gossip keys off the disk' '-dns-port=:where DNS listens; 0\: any free port, -1\: nowhere' '-domain=:the domain to answer DNS for' '-enable-local-script-checks:allow script checks that come from configuration files' '-enable-script-checks:allow script checks from anywhere' '-encrypt=:the gossip key, 16, 24 or 32 bytes in base64' '-grpc-port=:where gRPC listens' '-grpc-tls-port=:where gRPC with TLS listens' '-hcl=:a piece of configuration in HCL, read after the files; repeatable' '-http-errors=:how the HTTP API words its errors' '-http-port=:where HTTP listens; 0\: any free port, -1\: nowhere' '-https-port=:where HTTPS listens' '-join=:an old name of -retry-join' '-join-wan=:an old name of -retry-join-wan' '-log-file=:write the log there, too' '-log-json:one JSON object per line of log' '-log-level=:trace, debug, info, warn or error' '-log-rotate-bytes=:begin a new log file at this size' '-log-rotate-duration=:begin a new log file after this time' '-log-rotate-max-files=:keep this many old log files' '-max-query-time=:the longest wait of a query' '-node=:the name of this node; else the name of the machine' '-node-id=:the id of this node, for good' '-node-meta=:a label of this node; repeatable' '-non-voting-server:Enterprise only\: no effect' '-pid-file=:write the process id there' '-primary-gateway=:a mesh gateway of the primary' '-protocol=:no effect any more' '-raft-protocol=:3, the only one' '-read-replica:Enterprise only\: no effect' '-recursor=:a DNS server for all other names; repeatable' '-rejoin:rejoin a cluster that was left before' '-retry-interval=:wait this long between joins' '-retry-interval-wan=:the same for -retry-join-wan' '-retry-join=:join this node, until it works; repeatable' '-retry-join-wan=:the same for a server elsewhere' '-retry-max=:give up after this many joins; 0\: never' '-retry-max-wan=:the same for -retry-join-wan' '-segment=:Enterprise only\: no effect' '-serf-lan-allowed-cidrs=:accept members only from this network; repeatable' '-serf-lan-bind=:where gossip listens, if not at -bind' '-serf-lan-port=:the port of gossip' '-serf-wan-allowed-cidrs=:the same for other datacenters' '-serf-wan-bind=:where gossip between datacenters listens' '-serf-wan-port=:the port of gossip between datacenters' '-server:a server\: takes part in consensus, keeps the state' '-server-port=:the port of traffic between servers' '-syslog:log to syslog, too' '-ui:serve the web page' '-ui-content-path=:the path of the web page' '-ui-dir=:serve the web page from this folder' '-ready-fd=:write a line to this file descriptor when the agent is ready' '-socket=:the control socket, instead of one in the runtime folder' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'api') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-include:show status and headers on stderr' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'api list') reply=('-plain:separated by tabs, without a header' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'catalog datacenters') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'catalog nodes') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-plain:separate columns by tabs, without a header\: for cut and awk' '-detailed:show the whole ID, tagged addresses and metadata too' '-filter=:only what this expression selects' '-near=:sort by the round trip from this node; _agent\: from the one asked' '-node-meta=:only nodes with this metadata' '-service=:only nodes with instances of this service' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'catalog services') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-node=:only services of this node' '-node-meta=:only services on nodes with this metadata' '-tags:show the tags of all instances too' '-all:also the service that servers register for themselves' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'chaos replay') reply=('-nodes=:servers and clients together' '-duration=:how much time passes in the run (default 10m)' '-scenario=:what happens\: a story of ours, or a file' '-bug=:plant a mistake, to see it found' '-profile=:let the seed draw everything, aimed at one kind of mistake' '-events=:after so many events everything heals' '-skip=:leave a fault (P3, A1) or a request (2\:17) out; several with commas' '-without=:leave something out altogether\: no-loss, no-duplicates, no-tail, in-order, even-disks, whole-writes, true-clocks, one-key, no-spares' '-messages:every message, request and write as well' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'chaos shrink') reply=('-nodes=:servers and clients together' '-duration=:how much time passes in the run (default 10m)' '-scenario=:what happens\: a story of ours, or a file' '-bug=:plant a mistake, to see it found' '-profile=:let the seed draw everything, aimed at one kind of mistake' '-events=:after so many events everything heals' '-skip=:leave a fault (P3, A1) or a request (2\:17) out; several with commas' '-without=:leave something out altogether\: no-loss, no-duplicates, no-tail, in-order, even-disks, whole-writes, true-clocks, one-key, no-spares' '-timeout=:stop after this time with what there is (default 5m)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'chaos simulate') reply=('-nodes=:servers and clients together' '-duration=:how much time passes in the run (default 10m)' '-scenario=:what happens\: a story of ours, or a file' '-bug=:plant a mistake, to see it found' '-profile=:let the seed draw everything, aimed at one kind of mistake' '-events=:after so many events everything heals' '-skip=:leave a fault (P3, A1) or a request (2\:17) out; several with commas' '-without=:leave something out altogether\: no-loss, no-duplicates, no-tail, in-order, even-disks, whole-writes, true-clocks, one-key, no-spares' '-seed=:the run that this number stands for (default\: any)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'completion') reply=('-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'dns curl-args') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-server=:the DNS server, HOST\:PORT (default\: the one of the agent)' '-port=:the port of the URL (default\: the ports of the instances)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'dns query') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-server=:the DNS server, HOST\:PORT (default\: the one of the agent)' '-tcp:ask over TCP' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'dns trace') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-server=:the DNS server, HOST\:PORT (default\: the one of the agent)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'dns-setup') reply=('-domain=:the domain of the agents' '-server=:where the agent answers DNS' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'doctor') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-all:also show what is fine' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'event') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-name=:what the event is called' '-node=:only for nodes whose name matches' '-service=:only for nodes with a service whose name matches' '-tag=:with -service\: and with a tag that matches' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'force-leave') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-prune:forget it at once instead of listing it as left for a while' '-wan:in the pool of the servers of all datacenters' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'help') reply=('-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'info') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'join') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-wan:join the pool of the servers of all datacenters' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'keygen') reply=('-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'keyring') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-list:which keys there are, and how many agents hold each' '-list-primary:which keys agents seal with' '-install=:every agent can open with this key from now on' '-use=:every agent seals with this key from now on' '-remove=:no agent keeps this key' '-relay-factor=:answers also come by the way of so many others, 5 at most' '-local-only:with -list\: only what this agent holds' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv delete') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-cas:delete only if the index of the key still is -modify-index' '-modify-index=:the index that -cas compares' '-recurse:delete every key below the prefix' '-force:with -recurse\: do not ask' '-dry-run:list what would be deleted, delete nothing' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv export') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv get') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-base64:show values as base64' '-detailed:show indexes, flags and session besides the value' '-keys:list names only, up to the next separator' '-recurse:take the key as a prefix and show everything below it' '-separator=:where -keys cuts names' '-raw:the bytes of the value and nothing else, even on a terminal' '-decode:with -json\: add the value as text (Text) where it is text' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv import') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-prefix=:put every key below this one' '-dry-run:check everything, write nothing' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv put') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-acquire:lock the key for -session' '-base64:DATA is base64\: store what it stands for' '-cas:write only if the index of the key still is -modify-index; 0\: only if it does not exist' '-flags=:a number of yours that is kept with the value, 64 bits' '-modify-index=:the index that -cas compares' '-release:give the lock of -session back' '-session=:the session that locks or releases' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kvstore') reply=('-engine=:how copies are made\: by hand, or by consensus' '-peers=:with --engine=raft\: all nodes, this one among them, separated by commas' '-role=:whether it takes writes, or copies them' '-leader=:of a follower\: the node that it copies' '-port=:where it listens (default 8000); 0\: a free one' '-bind=:the address to listen on; localhost is both of its addresses' '-sync=:of a leader\: which followers that are alive a write waits for, up to half a second' '-data-dir=:keep the data in this folder; without it, all is in memory' '-log-level=:what is logged' '-ready-fd=:write a line to this file descriptor when it is ready' '-socket=:the control socket, instead of one in the runtime folder' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kvstore follow') reply=('-node=:the node to ask; needed if several run here' '-timeout=:give up after this time (default 5s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kvstore promote') reply=('-node=:the node to ask; needed if several run here' '-timeout=:give up after this time (default 5s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kvstore status') reply=('-node=:the node to ask; needed if several run here' '-timeout=:give up after this time (default 5s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'leave') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'lock') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when it is not ours in this time (default\: wait for ever)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-monitor-retry=:failed questions after which the lock counts as lost, 1s apart' '-n=:so many may hold it at once; more than 1 makes it a semaphore' '-name=:the name of the session, for people' '-pass-stdin:CHILD reads our standard input; otherwise it reads nothing' '-shell:run the words as one script of the shell (default\: one word yes, several no)' '-try=:the old name of -timeout' '-verbose:say what happens' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'logs') reply=('-follow:show what comes, until interrupted' '-f:as -follow' '-lines=:how many of the last lines of the file' '-log-level=:with -follow\: show this and what is worse' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'maint') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-disable:put it back into rotation' '-enable:take it out of rotation' '-reason=:with -enable\: why, for others to read' '-service=:this service of the agent, by its ID, instead of the node' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'members') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-plain:separate columns by tabs, without a header\: for cut and awk' '-wide:all columns' '-detailed:show all that members say of themselves' '-filter=:only what this expression selects' '-segment=:only this segment (Consul Enterprise)' '-status=:only those whose status matches\: alive, leaving, left, failed' '-wan:the pool of the servers of all datacenters' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'monitor') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-log-level=:show this and what is worse' '-log-json:one JSON object per line' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'operator autopilot get-config') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'operator autopilot set-config') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-cleanup-dead-servers:remove a dead server as soon as another has taken its place' '-disable-upgrade-migration:Consul Enterprise only' '-last-contact-threshold=:a server that is silent for longer is not healthy' '-max-trailing-logs=:a server that is further behind is not healthy' '-min-quorum=:dead servers are not removed below so many voters' '-redundancy-zone-tag=:Consul Enterprise only' '-server-stabilization-time=:so long must a new server be healthy before it votes' '-upgrade-version-tag=:Consul Enterprise only' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'operator autopilot state') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-format=:pretty, or json' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'operator raft list-peers') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-plain:separate columns by tabs, without a header\: for cut and awk' '-wide:all columns' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'operator raft remove-peer') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-address=:the address of the server, as list-peers shows it' '-id=:the ID of the server' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'operator raft transfer-leader') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-id=:the ID of the server that shall lead; without it the one that is furthest' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'operator usage instances') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-all-datacenters:of all datacenters' '-billable:only services\: neither proxies and gateways nor the servers themselves' '-connect:only the mesh\: native services, proxies and gateways' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'ps') reply=('-plain:separated by tabs, without a header' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft add') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-timeout=:how long to wait for a leader (default 3s)' '-voter:with a vote from the start' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft apply') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-timeout=:how long to wait for a leader (default 3s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft get') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-timeout=:how long to wait for a leader (default 3s)' '-stale:from the server that is asked, as it is, also without a leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft log') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-from=:the first index' '-to=:the last index' '-decode:show what entries say (it always does)' '-data-dir=:read this folder of a server that need not run' '-plain:separated by tabs, without a header' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft node') reply=('-id=:the name of this server; a number is a place among the peers' '-peers=:all servers, this one among them; `...`\: those of last time' '-address=:where this server listens, if it is none of the peers' '-join:wait to be added (raftctl add) instead of making a cluster' '-data-dir=:log, votes and snapshots, instead of ./.lictor/raftnode-ID' '-ephemeral:keep nothing\: a server that is started again has to be given all anew' '-election-timeout=:campaign after this long, up to twice, without a leader (150ms)' '-snapshot-entries=:save a snapshot after so many entries' '-trailing-entries=:keep so many entries behind a snapshot' '-control=:also answer raftctl on this address, to whoever has the token' '-control-token-file=:the token that -control demands' '-log-level=:what goes to the log file' '-ready-fd=:write a line to this file descriptor when it is ready' '-socket=:the control socket, instead of one in the runtime folder' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft promote') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-timeout=:how long to wait for a leader (default 3s)' '-demote:take its vote away instead' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft remove') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-timeout=:how long to wait for a leader (default 3s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft scenario') reply=('-all:every case, one after the other' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft snapshot') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft status') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-all:also show servers that do not answer' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft trace') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-once:end with what there was, instead of waiting for more' '-commits:also each step of the commit index' '-count=:end after so many lines' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft transfer') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-timeout=:how long to wait for a leader (default 3s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'raft wait') reply=('-node=:ask this server\: its id, its address, or the host\:port of its control port' '-cluster=:which cluster, if several run here\: the address of any of its servers' '-token-file=:the token of a control port (or LICTOR_RAFT_TOKEN)' '-timeout=:give up after this time (default 60s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'registry') reply=('-port=:where HTTP listens (default 8500)' '-bind=:the address that HTTP listens on; empty\: localhost' '-dialect=:the shapes of the lesson, or those of an agent' '-enable-script-checks:allow checks that run a program of this machine' '-ready-fd=:write a line to this file descriptor when it is ready' '-socket=:the control socket, instead of one in the runtime folder' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'registry-dns') reply=('-port=:where DNS listens, UDP and TCP (default 8600)' '-bind=:the address that DNS listens on; empty\: localhost' '-registry=:where the registry answers (default 127.0.0.1\:8500)' '-domain=:the domain to answer for' '-ttl=:for how many seconds an answer may be kept (default 30)' '-recursor=:a DNS server for all other names; repeatable' '-ready-fd=:write a line to this file descriptor when it is ready' '-socket=:the control socket, instead of one in the runtime folder' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'reload') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'rtt') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-wan:between servers of datacenters; names are NODE.DATACENTER' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'services deregister') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-id=:the ID of the service' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'services export') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-consumer-partitions=:to these partitions (Consul Enterprise), separated by commas' '-consumer-peers=:to these peers, separated by commas' '-name=:the service' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'services register') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-address=:where it listens (default\: the address of the node)' '-id=:tells instances on one agent apart (default\: the name)' '-kind=:for proxies of the mesh' '-meta=:metadata that goes with it' '-name=:what it is found by' '-port=:the port' '-socket=:a Unix socket instead of address and port' '-tag=:a tag it is found by, too' '-tagged-address=:an address for others\: NAME=ADDRESS\:PORT' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'session create') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-behavior=:what becomes of its keys when it ends' '-lock-delay=:how long its keys cannot be locked after it was lost (default 15s)' '-name=:for people\: what it is for' '-node=:the node it belongs to (default\: that of the agent)' '-node-check=:ends when this check of the node turns critical (default serfHealth)' '-service-check=:ends when this check of a service of the node turns critical' '-no-checks:stand on no check at all, the TTL alone decides' '-ttl=:ends unless renewed in this time, 10s to 24h; may live up to twice as long' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'session destroy') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'session info') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'session list') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-plain:separate columns by tabs, without a header\: for cut and awk' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'session node') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-plain:separate columns by tabs, without a header\: for cut and awk' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'session renew') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'stop') reply=('-timeout=:how long to wait for its end (default 20s)' '-kill:end it at once (SIGKILL), without waiting for what it has to do' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim event') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-payload=:a few bytes that go with it' '-coalesce:a newer event of this name may stand for this one' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim events') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-f:show what comes, until interrupted' '-follow:the same' '-count=:with -f\: end after so many' '-utc:times in UTC' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim force-leave') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-prune:forget it at once, not after a day' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim info') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-format=:text, or json as --json' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim join') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-replay:also hear the events of before the join' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim keygen') reply=('-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim keys') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-install=:every member can open with this key from now on' '-use=:every member seals with this key from now on' '-remove=:no member keeps this key' '-list:which keys there are, and how many members have each' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim leave') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim members') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-detailed:tags and protocol versions, as serf shows them' '-format=:text, or json as --json' '-name=:only names that match, from start to end' '-status=:only in this status\: alive, leaving, left, failed' '-tag=:only with this tag' '-role=:the same as --tag=role=REGEXP' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim monitor') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-log-level=:show this and what is worse' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim node') reply=('-name=:the name of this member, one of its kind in the pool (default\: the host'\''s)' '-port=:the port for datagrams and streams; 0\: any' '-bind=:listen on this address' '-advertise=:the address that others are told' '-join=:a member to join; tried again until one answers' '-tag=:a tag that the others see' '-encrypt=:a key of 16, 24 or 32 bytes in base64, the same for all' '-label=:packets of pools with another label are dropped' '-profile=:timing; lan, wan and local are as in serf' '-event-handler=:a script for events\: TYPE=SCRIPT, user\:NAME=SCRIPT, query\:NAME=SCRIPT' '-disable-compression:send messages as they are' '-ephemeral:keep nothing on the disk' '-rejoin:join whom the last run knew, although it has left' '-log-level=:what goes to the log file' '-ready-fd=:write a line to this file descriptor when it is ready' '-socket=:the control socket, instead of one in the runtime folder' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim query') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-payload=:a few bytes that go with it' '-format=:text, or json as --json' '-only=:ask this member alone; several may be named' '-tag=:ask those whose tag matches' '-timeout=:how long to wait; by default as long as gossip needs' '-no-ack:do not ask who was reached' '-relay-factor=:answers also come by the way of so many others' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim reachability') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-timeout=:how long to wait for answers; by default as long as gossip needs' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim rtt') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim tags') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-set=:set this tag' '-delete=:remove this tag' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim trace') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-once:end with what there was, instead of waiting for more' '-count=:end after so many lines' '-only=:only this verb, as suspect or refute; several may be named' '-about=:only what concerns this member; several may be named' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'swim wait') reply=('-node=:which member\: host\:port of its gossip, its name or its process id' '-rpc-addr=:the same, for hands that know serf' '-socket=:the control socket of the member' '-timeout=:give up after this time (default 60s)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'validate') reply=('-config-format=:the language of files without such an ending' '-quiet:print nothing when all is well' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'version') reply=('-format=:pretty or json' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'wait') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up after this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'watch') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-type=:key, keyprefix, services, nodes, service, checks, event, agent_service' '-key=:type key\: which' '-prefix=:type keyprefix\: below what' '-service=:type service, checks\: of which service' '-tag=:type service\: with this tag' '-passingonly=:type service\: healthy instances only' '-state=:type checks\: in this state' '-name=:type event\: with this name' '-service-id=:type agent_service\: which, of the agent asked' '-filter=:only what this expression selects' '-shell:run the words as one script of the shell (default\: one word yes, several no)' '-count=:end after so many records, or runs of CHILD; 0\: never' '-until=:without CHILD\: end with the record that has this\: op=delete, data.Key=a' '-heartbeat=:without CHILD\: a record when nothing happened for so long' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
  esac
}

# What the value of a flag is: a kind (@file, @key, …) or the words themselves.
_lictor_value() {
  reply=()
  case "$1" in
    'agent -config-dir') reply=('@file') ;;
    'agent -config-file') reply=('@file') ;;
    'agent -data-dir') reply=('@file') ;;
    'agent -log-file') reply=('@file') ;;
    'agent -pid-file') reply=('@file') ;;
    'agent -ui-content-path') reply=('@file') ;;
    'agent -ui-dir') reply=('@file') ;;
    'agent -socket') reply=('@file') ;;
    'api -token-file') reply=('@file') ;;
    'api -ca-file') reply=('@file') ;;
    'api -ca-path') reply=('@file') ;;
    'api -client-cert') reply=('@file') ;;
    'api -client-key') reply=('@file') ;;
    'catalog datacenters -token-file') reply=('@file') ;;
    'catalog datacenters -ca-file') reply=('@file') ;;
    'catalog datacenters -ca-path') reply=('@file') ;;
    'catalog datacenters -client-cert') reply=('@file') ;;
    'catalog datacenters -client-key') reply=('@file') ;;
    'catalog nodes -token-file') reply=('@file') ;;
    'catalog nodes -ca-file') reply=('@file') ;;
    'catalog nodes -ca-path') reply=('@file') ;;
    'catalog nodes -client-cert') reply=('@file') ;;
    'catalog nodes -client-key') reply=('@file') ;;
    'catalog nodes -near') reply=('@node') ;;
    'catalog nodes -service') reply=('@service') ;;
    'catalog services -token-file') reply=('@file') ;;
    'catalog services -ca-file') reply=('@file') ;;
    'catalog services -ca-path') reply=('@file') ;;
    'catalog services -client-cert') reply=('@file') ;;
    'catalog services -client-key') reply=('@file') ;;
    'catalog services -node') reply=('@node') ;;
    'chaos replay -scenario') reply=('@file') ;;
    'chaos replay -bug') reply=('stale-read' 'lost-ack') ;;
    'chaos replay -profile') reply=('swarm' 'figure-8' 'flush-crasher' 'slow-reply' 'usurper' 'transfer-storm' 'churn' 'snapshot-storm' 'wipe' 'rot' 'quiet-restart' 'pause-leader' 'stalled-disk' 'disk-full' 'clocks' 'weather' 'alone') ;;
    'chaos replay -without') reply=('no-loss' 'no-duplicates' 'no-tail' 'in-order' 'even-disks' 'whole-writes' 'true-clocks' 'one-key' 'no-spares') ;;
    'chaos shrink -scenario') reply=('@file') ;;
    'chaos shrink -bug') reply=('stale-read' 'lost-ack') ;;
    'chaos shrink -profile') reply=('swarm' 'figure-8' 'flush-crasher' 'slow-reply' 'usurper' 'transfer-storm' 'churn' 'snapshot-storm' 'wipe' 'rot' 'quiet-restart' 'pause-leader' 'stalled-disk' 'disk-full' 'clocks' 'weather' 'alone') ;;
    'chaos shrink -without') reply=('no-loss' 'no-duplicates' 'no-tail' 'in-order' 'even-disks' 'whole-writes' 'true-clocks' 'one-key' 'no-spares') ;;
    'chaos simulate -scenario') reply=('@file') ;;
    'chaos simulate -bug') reply=('stale-read' 'lost-ack') ;;
    'chaos simulate -profile') reply=('swarm' 'figure-8' 'flush-crasher' 'slow-reply' 'usurper' 'transfer-storm' 'churn' 'snapshot-storm' 'wipe' 'rot' 'quiet-restart' 'pause-leader' 'stalled-disk' 'disk-full' 'clocks' 'weather' 'alone') ;;
    'chaos simulate -without') reply=('no-loss' 'no-duplicates' 'no-tail' 'in-order' 'even-disks' 'whole-writes' 'true-clocks' 'one-key' 'no-spares') ;;
    'dns curl-args -token-file') reply=('@file') ;;
    'dns curl-args -ca-file') reply=('@file') ;;
    'dns curl-args -ca-path') reply=('@file') ;;
    'dns curl-args -client-cert') reply=('@file') ;;
    'dns curl-args -client-key') reply=('@file') ;;
    'dns query -token-file') reply=('@file') ;;
    'dns query -ca-file') reply=('@file') ;;
    'dns query -ca-path') reply=('@file') ;;
    'dns query -client-cert') reply=('@file') ;;
    'dns query -client-key') reply=('@file') ;;
    'dns trace -token-file') reply=('@file') ;;
    'dns trace -ca-file') reply=('@file') ;;
    'dns trace -ca-path') reply=('@file') ;;
    'dns trace -client-cert') reply=('@file') ;;
    'dns trace -client-key') reply=('@file') ;;
    'doctor -token-file') reply=('@file') ;;
    'doctor -ca-file') reply=('@file') ;;
    'doctor -ca-path') reply=('@file') ;;
    'doctor -client-cert') reply=('@file') ;;
    'doctor -client-key') reply=('@file') ;;
    'event -token-file') reply=('@file') ;;
    'event -ca-file') reply=('@file') ;;
    'event -ca-path') reply=('@file') ;;
    'event -client-cert') reply=('@file') ;;
    'event -client-key') reply=('@file') ;;
    'force-leave -token-file') reply=('@file') ;;
    'force-leave -ca-file') reply=('@file') ;;
    'force-leave -ca-path') reply=('@file') ;;
    'force-leave -client-cert') reply=('@file') ;;
    'force-leave -client-key') reply=('@file') ;;
    'info -token-file') reply=('@file') ;;
    'info -ca-file') reply=('@file') ;;
    'info -ca-path') reply=('@file') ;;
    'info -client-cert') reply=('@file') ;;
    'info -client-key') reply=('@file') ;;
    'join -token-file') reply=('@file') ;;
    'join -ca-file') reply=('@file') ;;
    'join -ca-path') reply=('@file') ;;
    'join -client-cert') reply=('@file') ;;
    'join -client-key') reply=('@file') ;;
    'keyring -token-file') reply=('@file') ;;
    'keyring -ca-file') reply=('@file') ;;
    'keyring -ca-path') reply=('@file') ;;
    'keyring -client-cert') reply=('@file') ;;
    'keyring -client-key') reply=('@file') ;;
    'kv delete -token-file') reply=('@file') ;;
    'kv delete -ca-file') reply=('@file') ;;
    'kv delete -ca-path') reply=('@file') ;;
    'kv delete -client-cert') reply=('@file') ;;
    'kv delete -client-key') reply=('@file') ;;
    'kv export -token-file') reply=('@file') ;;
    'kv export -ca-file') reply=('@file') ;;
    'kv export -ca-path') reply=('@file') ;;
    'kv export -client-cert') reply=('@file') ;;
    'kv export -client-key') reply=('@file') ;;
    'kv get -token-file') reply=('@file') ;;
    'kv get -ca-file') reply=('@file') ;;
    'kv get -ca-path') reply=('@file') ;;
    'kv get -client-cert') reply=('@file') ;;
    'kv get -client-key') reply=('@file') ;;
    'kv import -token-file') reply=('@file') ;;
    'kv import -ca-file') reply=('@file') ;;
    'kv import -ca-path') reply=('@file') ;;
    'kv import -client-cert') reply=('@file') ;;
    'kv import -client-key') reply=('@file') ;;
    'kv import -prefix') reply=('@key') ;;
    'kv put -token-file') reply=('@file') ;;
    'kv put -ca-file') reply=('@file') ;;
    'kv put -ca-path') reply=('@file') ;;
    'kv put -client-cert') reply=('@file') ;;
    'kv put -client-key') reply=('@file') ;;
    'kv put -session') reply=('@session') ;;
    'kvstore -engine') reply=('replica' 'raft') ;;
    'kvstore -role') reply=('leader' 'follower') ;;
    'kvstore -sync') reply=('all' 'one' 'none') ;;
    'kvstore -data-dir') reply=('@file') ;;
    'kvstore -log-level') reply=('info' 'debug' 'warn' 'error') ;;
    'kvstore -socket') reply=('@file') ;;
    'kvstore follow -node') reply=('@daemon') ;;
    'kvstore promote -node') reply=('@daemon') ;;
    'kvstore status -node') reply=('@daemon') ;;
    'leave -token-file') reply=('@file') ;;
    'leave -ca-file') reply=('@file') ;;
    'leave -ca-path') reply=('@file') ;;
    'leave -client-cert') reply=('@file') ;;
    'leave -client-key') reply=('@file') ;;
    'lock -token-file') reply=('@file') ;;
    'lock -ca-file') reply=('@file') ;;
    'lock -ca-path') reply=('@file') ;;
    'lock -client-cert') reply=('@file') ;;
    'lock -client-key') reply=('@file') ;;
    'logs -log-level') reply=('trace' 'debug' 'info' 'warn' 'error') ;;
    'maint -token-file') reply=('@file') ;;
    'maint -ca-file') reply=('@file') ;;
    'maint -ca-path') reply=('@file') ;;
    'maint -client-cert') reply=('@file') ;;
    'maint -client-key') reply=('@file') ;;
    'maint -service') reply=('@service') ;;
    'members -token-file') reply=('@file') ;;
    'members -ca-file') reply=('@file') ;;
    'members -ca-path') reply=('@file') ;;
    'members -client-cert') reply=('@file') ;;
    'members -client-key') reply=('@file') ;;
    'monitor -token-file') reply=('@file') ;;
    'monitor -ca-file') reply=('@file') ;;
    'monitor -ca-path') reply=('@file') ;;
    'monitor -client-cert') reply=('@file') ;;
    'monitor -client-key') reply=('@file') ;;
    'monitor -log-level') reply=('trace' 'debug' 'info' 'warn' 'error') ;;
    'operator autopilot get-config -token-file') reply=('@file') ;;
    'operator autopilot get-config -ca-file') reply=('@file') ;;
    'operator autopilot get-config -ca-path') reply=('@file') ;;
    'operator autopilot get-config -client-cert') reply=('@file') ;;
    'operator autopilot get-config -client-key') reply=('@file') ;;
    'operator autopilot set-config -token-file') reply=('@file') ;;
    'operator autopilot set-config -ca-file') reply=('@file') ;;
    'operator autopilot set-config -ca-path') reply=('@file') ;;
    'operator autopilot set-config -client-cert') reply=('@file') ;;
    'operator autopilot set-config -client-key') reply=('@file') ;;
    'operator autopilot state -token-file') reply=('@file') ;;
    'operator autopilot state -ca-file') reply=('@file') ;;
    'operator autopilot state -ca-path') reply=('@file') ;;
    'operator autopilot state -client-cert') reply=('@file') ;;
    'operator autopilot state -client-key') reply=('@file') ;;
    'operator autopilot state -format') reply=('pretty' 'json') ;;
    'operator raft list-peers -token-file') reply=('@file') ;;
    'operator raft list-peers -ca-file') reply=('@file') ;;
    'operator raft list-peers -ca-path') reply=('@file') ;;
    'operator raft list-peers -client-cert') reply=('@file') ;;
    'operator raft list-peers -client-key') reply=('@file') ;;
    'operator raft remove-peer -token-file') reply=('@file') ;;
    'operator raft remove-peer -ca-file') reply=('@file') ;;
    'operator raft remove-peer -ca-path') reply=('@file') ;;
    'operator raft remove-peer -client-cert') reply=('@file') ;;
    'operator raft remove-peer -client-key') reply=('@file') ;;
    'operator raft transfer-leader -token-file') reply=('@file') ;;
    'operator raft transfer-leader -ca-file') reply=('@file') ;;
    'operator raft transfer-leader -ca-path') reply=('@file') ;;
    'operator raft transfer-leader -client-cert') reply=('@file') ;;
    'operator raft transfer-leader -client-key') reply=('@file') ;;
    'operator usage instances -token-file') reply=('@file') ;;
    'operator usage instances -ca-file') reply=('@file') ;;
    'operator usage instances -ca-path') reply=('@file') ;;
    'operator usage instances -client-cert') reply=('@file') ;;
    'operator usage instances -client-key') reply=('@file') ;;
    'raft add -node') reply=('@daemon') ;;
    'raft add -token-file') reply=('@file') ;;
    'raft apply -node') reply=('@daemon') ;;
    'raft apply -token-file') reply=('@file') ;;
    'raft get -node') reply=('@daemon') ;;
    'raft get -token-file') reply=('@file') ;;
    'raft log -node') reply=('@daemon') ;;
    'raft log -token-file') reply=('@file') ;;
    'raft log -data-dir') reply=('@file') ;;
    'raft node -data-dir') reply=('@file') ;;
    'raft node -control-token-file') reply=('@file') ;;
    'raft node -log-level') reply=('info' 'trace' 'debug' 'warn' 'error') ;;
    'raft node -socket') reply=('@file') ;;
    'raft promote -node') reply=('@daemon') ;;
    'raft promote -token-file') reply=('@file') ;;
    'raft remove -node') reply=('@daemon') ;;
    'raft remove -token-file') reply=('@file') ;;
    'raft snapshot -node') reply=('@daemon') ;;
    'raft snapshot -token-file') reply=('@file') ;;
    'raft status -node') reply=('@daemon') ;;
    'raft status -token-file') reply=('@file') ;;
    'raft trace -node') reply=('@daemon') ;;
    'raft trace -token-file') reply=('@file') ;;
    'raft transfer -node') reply=('@daemon') ;;
    'raft transfer -token-file') reply=('@file') ;;
    'raft wait -node') reply=('@daemon') ;;
    'raft wait -token-file') reply=('@file') ;;
    'registry -dialect') reply=('lesson' 'consul') ;;
    'registry -socket') reply=('@file') ;;
    'registry-dns -socket') reply=('@file') ;;
    'reload -token-file') reply=('@file') ;;
    'reload -ca-file') reply=('@file') ;;
    'reload -ca-path') reply=('@file') ;;
    'reload -client-cert') reply=('@file') ;;
    'reload -client-key') reply=('@file') ;;
    'rtt -token-file') reply=('@file') ;;
    'rtt -ca-file') reply=('@file') ;;
    'rtt -ca-path') reply=('@file') ;;
    'rtt -client-cert') reply=('@file') ;;
    'rtt -client-key') reply=('@file') ;;
    'services deregister -token-file') reply=('@file') ;;
    'services deregister -ca-file') reply=('@file') ;;
    'services deregister -ca-path') reply=('@file') ;;
    'services deregister -client-cert') reply=('@file') ;;
    'services deregister -client-key') reply=('@file') ;;
    'services deregister -id') reply=('@service') ;;
    'services export -token-file') reply=('@file') ;;
    'services export -ca-file') reply=('@file') ;;
    'services export -ca-path') reply=('@file') ;;
    'services export -client-cert') reply=('@file') ;;
    'services export -client-key') reply=('@file') ;;
    'services export -name') reply=('@service') ;;
    'services register -token-file') reply=('@file') ;;
    'services register -ca-file') reply=('@file') ;;
    'services register -ca-path') reply=('@file') ;;
    'services register -client-cert') reply=('@file') ;;
    'services register -client-key') reply=('@file') ;;
    'services register -socket') reply=('@file') ;;
    'session create -token-file') reply=('@file') ;;
    'session create -ca-file') reply=('@file') ;;
    'session create -ca-path') reply=('@file') ;;
    'session create -client-cert') reply=('@file') ;;
    'session create -client-key') reply=('@file') ;;
    'session create -behavior') reply=('release' 'delete') ;;
    'session create -node') reply=('@node') ;;
    'session destroy -token-file') reply=('@file') ;;
    'session destroy -ca-file') reply=('@file') ;;
    'session destroy -ca-path') reply=('@file') ;;
    'session destroy -client-cert') reply=('@file') ;;
    'session destroy -client-key') reply=('@file') ;;
    'session info -token-file') reply=('@file') ;;
    'session info -ca-file') reply=('@file') ;;
    'session info -ca-path') reply=('@file') ;;
    'session info -client-cert') reply=('@file') ;;
    'session info -client-key') reply=('@file') ;;
    'session list -token-file') reply=('@file') ;;
    'session list -ca-file') reply=('@file') ;;
    'session list -ca-path') reply=('@file') ;;
    'session list -client-cert') reply=('@file') ;;
    'session list -client-key') reply=('@file') ;;
    'session node -token-file') reply=('@file') ;;
    'session node -ca-file') reply=('@file') ;;
    'session node -ca-path') reply=('@file') ;;
    'session node -client-cert') reply=('@file') ;;
    'session node -client-key') reply=('@file') ;;
    'session renew -token-file') reply=('@file') ;;
    'session renew -ca-file') reply=('@file') ;;
    'session renew -ca-path') reply=('@file') ;;
    'session renew -client-cert') reply=('@file') ;;
    'session renew -client-key') reply=('@file') ;;
    'swim event -node') reply=('@daemon') ;;
    'swim event -socket') reply=('@file') ;;
    'swim events -node') reply=('@daemon') ;;
    'swim events -socket') reply=('@file') ;;
    'swim force-leave -node') reply=('@daemon') ;;
    'swim force-leave -socket') reply=('@file') ;;
    'swim info -node') reply=('@daemon') ;;
    'swim info -socket') reply=('@file') ;;
    'swim info -format') reply=('text' 'json') ;;
    'swim join -node') reply=('@daemon') ;;
    'swim join -socket') reply=('@file') ;;
    'swim keys -node') reply=('@daemon') ;;
    'swim keys -socket') reply=('@file') ;;
    'swim leave -node') reply=('@daemon') ;;
    'swim leave -socket') reply=('@file') ;;
    'swim members -node') reply=('@daemon') ;;
    'swim members -socket') reply=('@file') ;;
    'swim members -format') reply=('text' 'json') ;;
    'swim monitor -node') reply=('@daemon') ;;
    'swim monitor -socket') reply=('@file') ;;
    'swim monitor -log-level') reply=('trace' 'debug' 'info' 'warn' 'error') ;;
    'swim node -profile') reply=('lesson' 'lan' 'wan' 'local') ;;
    'swim node -log-level') reply=('info' 'trace' 'debug' 'warn' 'error') ;;
    'swim node -socket') reply=('@file') ;;
    'swim query -node') reply=('@daemon') ;;
    'swim query -socket') reply=('@file') ;;
    'swim query -format') reply=('text' 'json') ;;
    'swim reachability -node') reply=('@daemon') ;;
    'swim reachability -socket') reply=('@file') ;;
    'swim rtt -node') reply=('@daemon') ;;
    'swim rtt -socket') reply=('@file') ;;
    'swim tags -node') reply=('@daemon') ;;
    'swim tags -socket') reply=('@file') ;;
    'swim trace -node') reply=('@daemon') ;;
    'swim trace -socket') reply=('@file') ;;
    'swim wait -node') reply=('@daemon') ;;
    'swim wait -socket') reply=('@file') ;;
    'validate -config-format') reply=('hcl' 'json') ;;
    'version -format') reply=('pretty' 'json') ;;
    'wait -token-file') reply=('@file') ;;
    'wait -ca-file') reply=('@file') ;;
    'wait -ca-path') reply=('@file') ;;
    'wait -client-cert') reply=('@file') ;;
    'wait -client-key') reply=('@file') ;;
    'watch -token-file') reply=('@file') ;;
    'watch -ca-file') reply=('@file') ;;
    'watch -ca-path') reply=('@file') ;;
    'watch -client-cert') reply=('@file') ;;
    'watch -client-key') reply=('@file') ;;
    'watch -type') reply=('key' 'keyprefix' 'services' 'nodes' 'service' 'checks' 'event' 'agent_service') ;;
    'watch -key') reply=('@key') ;;
    'watch -prefix') reply=('@key') ;;
    'watch -service') reply=('@service') ;;
  esac
}

# What the first word of a command is.
_lictor_argument() {
  reply=()
  case "$1" in
    'completion') reply=('bash' 'zsh' 'fish') ;;
    'dns curl-args') reply=('@service') ;;
    'dns query') reply=('@service') ;;
    'dns trace') reply=('@service') ;;
    'force-leave') reply=('@node') ;;
    'kv delete') reply=('@key') ;;
    'kv export') reply=('@key') ;;
    'kv get') reply=('@key') ;;
    'kv import') reply=('@file') ;;
    'kv put') reply=('@key') ;;
    'lock') reply=('@key') ;;
    'logs') reply=('@daemon') ;;
    'rtt') reply=('@node') ;;
    'services deregister') reply=('@file') ;;
    'services register') reply=('@file') ;;
    'session destroy') reply=('@session') ;;
    'session info') reply=('@session') ;;
    'session node') reply=('@node') ;;
    'session renew') reply=('@session') ;;
    'stop') reply=('@daemon') ;;
    'validate') reply=('@file') ;;
  esac
}

# The words of lictor that a program stands for.
_lictor_group() {
  reply=()
  case "$1" in
    'raftnode') reply=('raft' 'node') ;;
    'raftctl') reply=('raft') ;;
    'kvstore') reply=('kvstore') ;;
    'swimnode') reply=('swim' 'node') ;;
    'swimctl') reply=('swim') ;;
    'registry') reply=('registry') ;;
    'registry-dns') reply=('registry-dns') ;;
    'chaos-consul') reply=('chaos') ;;
  esac
}

_lictor_offer() {
  # $reply: a kind or words.
  case "${reply[1]}" in
    '') ;;
    @file) _files ;;
    @*)
      local -a found
      found=(${(f)"$($_lictor_program __complete "${reply[1]#@}" "${(Q)PREFIX}" 2>/dev/null)"})
      compadd -S '' -- ${found:#}
      ;;
    *) compadd -- $reply ;;
  esac
}

_lictor() {
  setopt localoptions extendedglob
  local -a reply names
  local id='' word name _lictor_program=${words[1]}
  local -i at=2
  _lictor_group "${words[1]:t}"
  if (($#reply)); then
    _lictor_program=${words[1]%${words[1]:t}}lictor
    words=("${words[1]}" $reply "${(@)words[2,-1]}")
    ((CURRENT += $#reply))
  fi
  while ((at < CURRENT)); do
    _lictor_words "$id"
    names=(${reply%%:*})
    ((${names[(Ie)${words[at]}]})) || break
    id=${id:+$id }${words[at]}
    at+=1
  done
  word=${words[CURRENT]}
  if [[ $word == -*=* ]]; then
    name=-${${${word%%=*}#-}#-}
    compset -P '*='
    _lictor_value "$id $name"
    _lictor_offer
  elif [[ $word == -* ]]; then
    _lictor_flags "$id"
    local -a plain valued
    plain=(${reply:#-[^:]##=:*})
    valued=(${(M)reply:#-[^:]##=:*})
    [[ $word == --* ]] && compset -P '-'
    _describe flag plain -- valued -S ''
  else
    if ((at == CURRENT)); then
      _lictor_words "$id"
      (($#reply)) && _describe command reply
    fi
    _lictor_argument "$id"
    _lictor_offer
  fi
}

if [[ $funcstack[1] == _lictor ]]; then
  _lictor "$@"
else
  compdef _lictor lictor consul-clone raftnode raftctl kvstore swimnode swimctl registry registry-dns chaos-consul
fi

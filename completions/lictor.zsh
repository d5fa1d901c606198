#compdef lictor consul-clone
# zsh completion for lictor. Written by completions/generate.ts; do not edit.

# What may follow these words: name, colon, what it does.
_lictor_words() {
  reply=()
  case "$1" in
    '') reply=('agent:Run an agent' 'api:Send a request to the HTTP API' 'chaos:Search for mistakes in a simulated cluster' 'completion:Print the completion script of a shell' 'doctor:Find out what is wrong' 'help:Show help of a command or a topic' 'info:Show numbers from inside the agent' 'keygen:Draw a key for gossip encryption' 'kv:Read and write the key/value store' 'leave:Let the agent leave the cluster and stop' 'logs:Show the log of a daemon that runs here' 'monitor:Follow the log of an agent' 'ps:List the daemons that run here' 'reload:Let the agent read its configuration again' 'stop:Stop a daemon that runs here' 'validate:Check configuration files' 'version:Show the version' 'wait:Wait until something is so' 'watch:Follow a key, a prefix or a list') ;;
    'api') reply=('list:List the endpoints of the HTTP API') ;;
    'chaos') reply=('replay:See a run again, step by step' 'shrink:Make a failing run as small as it can be' 'simulate:Put a simulated cluster to the test') ;;
    'kv') reply=('delete:Delete a key, or all keys below a prefix' 'export:Print keys as JSON, for kv import' 'get:Read a key, or all keys below a prefix' 'import:Write keys from the JSON of kv export' 'put:Write a key') ;;
  esac
}

# The flags of a command; those with = take a value.
_lictor_flags() {
  reply=()
  case "$1" in
    'agent') reply=('-acl:check every request against access rules' '-advertise=:the address that others reach this node at' '-advertise-wan=:the same for other datacenters' '-allow-write-http-from=:accept writes by HTTP only from this network; repeatable' '-alt-domain=:a second domain to answer DNS for' '-auto-reload-config:reload when a file changes' '-bind=:the address that cluster traffic listens on' '-bootstrap:start a new cluster with this server alone' '-bootstrap-expect=:start a new cluster once this many servers have met' '-check_output_max_size=:keep this much of the output of a check' '-client=:the address that HTTP and DNS listen on' '-config-dir=:read every .json and .hcl file of a folder; repeatable' '-config-file=:read a file; repeatable, later ones win' '-config-format=:the language of files without such an ending' '-data-dir=:where the agent keeps its state' '-datacenter=:the datacenter this agent is in' '-default-query-time=:how long a blocking query waits when it does not say' '-dev:a server for development\: alone, in memory, nothing on disk' '-disable-host-node-id:draw the node id instead of deriving it from the machine' '-disable-keyring-file:keep gossip keys off the disk' '-dns-port=:where DNS listens; 0\: any free port, -1\: nowhere' '-domain=:the domain to answer DNS for' '-enable-local-script-checks:allow script checks that come from configuration files' '-enable-script-checks:allow script checks from anywhere' '-encrypt=:the gossip key, 16, 24 or 32 bytes in base64' '-grpc-port=:where gRPC listens' '-grpc-tls-port=:where gRPC with TLS listens' '-hcl=:a piece of configuration in HCL, read after the files; repeatable' '-http-errors=:how the HTTP API words its errors' '-http-port=:where HTTP listens; 0\: any free port, -1\: nowhere' '-https-port=:where HTTPS listens' '-join=:an old name of -retry-join' '-join-wan=:an old name of -retry-join-wan' '-log-file=:write the log there, too' '-log-json:one JSON object per line of log' '-log-level=:trace, debug, info, warn or error' '-log-rotate-bytes=:begin a new log file at this size' '-log-rotate-duration=:begin a new log file after this time' '-log-rotate-max-files=:keep this many old log files' '-max-query-time=:the longest wait of a query' '-node=:the name of this node; else the name of the machine' '-node-id=:the id of this node, for good' '-node-meta=:a label of this node; repeatable' '-non-voting-server:Enterprise only\: no effect' '-pid-file=:write the process id there' '-primary-gateway=:a mesh gateway of the primary' '-protocol=:no effect any more' '-raft-protocol=:3, the only one' '-read-replica:Enterprise only\: no effect' '-recursor=:a DNS server for all other names; repeatable' '-rejoin:rejoin a cluster that was left before' '-retry-interval=:wait this long between joins' '-retry-interval-wan=:the same for -retry-join-wan' '-retry-join=:join this node, until it works; repeatable' '-retry-join-wan=:the same for a server elsewhere' '-retry-max=:give up after this many joins; 0\: never' '-retry-max-wan=:the same for -retry-join-wan' '-segment=:Enterprise only\: no effect' '-serf-lan-allowed-cidrs=:accept members only from this network; repeatable' '-serf-lan-bind=:where gossip listens, if not at -bind' '-serf-lan-port=:the port of gossip' '-serf-wan-allowed-cidrs=:the same for other datacenters' '-serf-wan-bind=:where gossip between datacenters listens' '-serf-wan-port=:the port of gossip between datacenters' '-server:a server\: takes part in consensus, keeps the state' '-server-port=:the port of traffic between servers' '-syslog:log to syslog, too' '-ui:serve the web page' '-ui-content-path=:the path of the web page' '-ui-dir=:serve the web page from this folder' '-ready-fd=:write a line to this file descriptor when the agent is ready' '-socket=:the control socket, instead of one in the runtime folder' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'api') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-include:show status and headers on stderr' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'api list') reply=('-plain:separated by tabs, without a header' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'chaos replay') reply=('-nodes=:servers and clients together' '-duration=:how much time passes in the run (default 10m)' '-scenario=:what happens\: a story of ours, or a file' '-bug=:plant a mistake, to see it found' '-profile=:let the seed draw everything, aimed at one kind of mistake' '-events=:after so many events everything heals' '-skip=:leave a fault (P3, A1) or a request (2\:17) out; several with commas' '-without=:leave something out altogether\: no-loss, no-duplicates, no-tail, in-order, even-disks, whole-writes, true-clocks, one-key, no-spares' '-messages:every message, request and write as well' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'chaos shrink') reply=('-nodes=:servers and clients together' '-duration=:how much time passes in the run (default 10m)' '-scenario=:what happens\: a story of ours, or a file' '-bug=:plant a mistake, to see it found' '-profile=:let the seed draw everything, aimed at one kind of mistake' '-events=:after so many events everything heals' '-skip=:leave a fault (P3, A1) or a request (2\:17) out; several with commas' '-without=:leave something out altogether\: no-loss, no-duplicates, no-tail, in-order, even-disks, whole-writes, true-clocks, one-key, no-spares' '-timeout=:stop after this time with what there is (default 5m)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'chaos simulate') reply=('-nodes=:servers and clients together' '-duration=:how much time passes in the run (default 10m)' '-scenario=:what happens\: a story of ours, or a file' '-bug=:plant a mistake, to see it found' '-profile=:let the seed draw everything, aimed at one kind of mistake' '-events=:after so many events everything heals' '-skip=:leave a fault (P3, A1) or a request (2\:17) out; several with commas' '-without=:leave something out altogether\: no-loss, no-duplicates, no-tail, in-order, even-disks, whole-writes, true-clocks, one-key, no-spares' '-seed=:the run that this number stands for (default\: any)' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'completion') reply=('-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'doctor') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-all:also show what is fine' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'help') reply=('-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'info') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'keygen') reply=('-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv delete') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-cas:delete only if the index of the key still is -modify-index' '-modify-index=:the index that -cas compares' '-recurse:delete every key below the prefix' '-force:with -recurse\: do not ask' '-dry-run:list what would be deleted, delete nothing' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv export') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv get') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-base64:show values as base64' '-detailed:show indexes, flags and session besides the value' '-keys:list names only, up to the next separator' '-recurse:take the key as a prefix and show everything below it' '-separator=:where -keys cuts names' '-raw:the bytes of the value and nothing else, even on a terminal' '-decode:with -json\: add the value as text (Text) where it is text' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv import') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-prefix=:put every key below this one' '-dry-run:check everything, write nothing' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'kv put') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-acquire:lock the key for -session' '-base64:DATA is base64\: store what it stands for' '-cas:write only if the index of the key still is -modify-index; 0\: only if it does not exist' '-flags=:a number of yours that is kept with the value, 64 bits' '-modify-index=:the index that -cas compares' '-release:give the lock of -session back' '-session=:the session that locks or releases' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'leave') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'logs') reply=('-follow:show what comes, until interrupted' '-lines=:how many of the last lines of the file' '-log-level=:with -follow\: show this and what is worse' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'monitor') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-log-level=:show this and what is worse' '-log-json:one JSON object per line' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'ps') reply=('-plain:separated by tabs, without a header' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'reload') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'stop') reply=('-timeout=:how long to wait for its end (default 20s)' '-kill:end it at once (SIGKILL), without waiting for what it has to do' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'validate') reply=('-config-format=:the language of files without such an ending' '-quiet:print nothing when all is well' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'version') reply=('-format=:pretty or json' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'wait') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up after this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
    'watch') reply=('-http-addr=:where the agent listens\: host\:port, http\://, https\:// or unix\://, path prefix allowed' '-token=:the ACL token; better give a file, arguments are visible to others' '-token-file=:file that holds the ACL token' '-ca-file=:certificates of the authorities to trust, as PEM' '-ca-path=:folder of such files' '-client-cert=:our certificate, where the agent asks for one' '-client-key=:the key of our certificate' '-tls-server-name=:the name to expect in the certificate of the agent' '-datacenter=:ask this datacenter, not the one of the agent' '-stale:let any server answer, even one that lags behind the leader' '-namespace=:Consul Enterprise only' '-partition=:Consul Enterprise only' '-timeout=:give up when no answer came in this time (default 60s)' '-trace:show each HTTP exchange on stderr as a curl command, tokens hidden' '-type=:key, keyprefix, services, nodes, service, checks, event' '-key=:type key\: which' '-prefix=:type keyprefix\: below what' '-service=:type service, checks\: of which service' '-tag=:type service\: with this tag' '-passingonly=:type service\: healthy instances only' '-state=:type checks\: in this state' '-name=:type event\: with this name' '-filter=:only what this expression selects' '-shell:run the words as one script of the shell (default\: one word yes, several no)' '-count=:end after so many records, or runs of CHILD; 0\: never' '-until=:without CHILD\: end with the record that has this\: op=delete, data.Key=a' '-heartbeat=:without CHILD\: a record when nothing happened for so long' '-json:print one JSON value, and errors as JSON on stderr' '-color:colours even when the output is no terminal' '-no-color:no colours') ;;
  esac
}

# What the value of a flag is: a kind (@file, @key, @daemon) or the words themselves.
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
    'chaos replay -scenario') reply=('@file') ;;
    'chaos replay -bug') reply=('stale-read' 'lost-ack') ;;
    'chaos replay -profile') reply=('swarm' 'figure-8' 'flush-crasher' 'slow-reply' 'usurper' 'transfer-storm' 'churn' 'snapshot-storm' 'wipe' 'quiet-restart' 'pause-leader' 'stalled-disk' 'disk-full' 'clocks' 'weather' 'alone') ;;
    'chaos replay -without') reply=('no-loss' 'no-duplicates' 'no-tail' 'in-order' 'even-disks' 'whole-writes' 'true-clocks' 'one-key' 'no-spares') ;;
    'chaos shrink -scenario') reply=('@file') ;;
    'chaos shrink -bug') reply=('stale-read' 'lost-ack') ;;
    'chaos shrink -profile') reply=('swarm' 'figure-8' 'flush-crasher' 'slow-reply' 'usurper' 'transfer-storm' 'churn' 'snapshot-storm' 'wipe' 'quiet-restart' 'pause-leader' 'stalled-disk' 'disk-full' 'clocks' 'weather' 'alone') ;;
    'chaos shrink -without') reply=('no-loss' 'no-duplicates' 'no-tail' 'in-order' 'even-disks' 'whole-writes' 'true-clocks' 'one-key' 'no-spares') ;;
    'chaos simulate -scenario') reply=('@file') ;;
    'chaos simulate -bug') reply=('stale-read' 'lost-ack') ;;
    'chaos simulate -profile') reply=('swarm' 'figure-8' 'flush-crasher' 'slow-reply' 'usurper' 'transfer-storm' 'churn' 'snapshot-storm' 'wipe' 'quiet-restart' 'pause-leader' 'stalled-disk' 'disk-full' 'clocks' 'weather' 'alone') ;;
    'chaos simulate -without') reply=('no-loss' 'no-duplicates' 'no-tail' 'in-order' 'even-disks' 'whole-writes' 'true-clocks' 'one-key' 'no-spares') ;;
    'doctor -token-file') reply=('@file') ;;
    'doctor -ca-file') reply=('@file') ;;
    'doctor -ca-path') reply=('@file') ;;
    'doctor -client-cert') reply=('@file') ;;
    'doctor -client-key') reply=('@file') ;;
    'info -token-file') reply=('@file') ;;
    'info -ca-file') reply=('@file') ;;
    'info -ca-path') reply=('@file') ;;
    'info -client-cert') reply=('@file') ;;
    'info -client-key') reply=('@file') ;;
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
    'leave -token-file') reply=('@file') ;;
    'leave -ca-file') reply=('@file') ;;
    'leave -ca-path') reply=('@file') ;;
    'leave -client-cert') reply=('@file') ;;
    'leave -client-key') reply=('@file') ;;
    'logs -log-level') reply=('trace' 'debug' 'info' 'warn' 'error') ;;
    'monitor -token-file') reply=('@file') ;;
    'monitor -ca-file') reply=('@file') ;;
    'monitor -ca-path') reply=('@file') ;;
    'monitor -client-cert') reply=('@file') ;;
    'monitor -client-key') reply=('@file') ;;
    'monitor -log-level') reply=('trace' 'debug' 'info' 'warn' 'error') ;;
    'reload -token-file') reply=('@file') ;;
    'reload -ca-file') reply=('@file') ;;
    'reload -ca-path') reply=('@file') ;;
    'reload -client-cert') reply=('@file') ;;
    'reload -client-key') reply=('@file') ;;
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
    'watch -type') reply=('key' 'keyprefix' 'services' 'nodes' 'service' 'checks' 'event') ;;
    'watch -key') reply=('@key') ;;
    'watch -prefix') reply=('@key') ;;
  esac
}

# What the first word of a command is.
_lictor_argument() {
  reply=()
  case "$1" in
    'completion') reply=('bash' 'zsh' 'fish') ;;
    'kv delete') reply=('@key') ;;
    'kv export') reply=('@key') ;;
    'kv get') reply=('@key') ;;
    'kv import') reply=('@file') ;;
    'kv put') reply=('@key') ;;
    'logs') reply=('@daemon') ;;
    'stop') reply=('@daemon') ;;
    'validate') reply=('@file') ;;
  esac
}

_lictor_offer() {
  # $reply: a kind or words.
  case "${reply[1]}" in
    '') ;;
    @file) _files ;;
    @*)
      local -a found
      found=(${(f)"$(${words[1]} __complete "${reply[1]#@}" "${(Q)PREFIX}" 2>/dev/null)"})
      compadd -S '' -- ${found:#}
      ;;
    *) compadd -- $reply ;;
  esac
}

_lictor() {
  setopt localoptions extendedglob
  local -a reply names
  local id='' word name
  local -i at=2
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
  compdef _lictor lictor consul-clone
fi

# bash completion for lictor. Written by completions/generate.ts; do not edit.

# What may follow these words.
_lictor_words() {
  case "$1" in
    '') echo 'agent api catalog chaos completion dns dns-setup doctor event force-leave help info join keygen keyring kv kvstore leave lock logs maint members monitor operator ps raft registry registry-dns reload rtt services session stop swim validate version wait watch' ;;
    'api') echo 'list' ;;
    'catalog') echo 'datacenters nodes services' ;;
    'chaos') echo 'replay shrink simulate' ;;
    'dns') echo 'curl-args query trace' ;;
    'kv') echo 'delete export get import put' ;;
    'kvstore') echo 'follow promote status' ;;
    'operator') echo 'autopilot raft usage' ;;
    'operator autopilot') echo 'get-config set-config state' ;;
    'operator raft') echo 'list-peers remove-peer transfer-leader' ;;
    'operator usage') echo 'instances' ;;
    'raft') echo 'add apply get log node promote remove scenario snapshot status trace transfer wait' ;;
    'services') echo 'deregister export register' ;;
    'session') echo 'create destroy info list node renew' ;;
    'swim') echo 'event events force-leave info join keygen keys leave members monitor node query reachability rtt tags trace wait' ;;
  esac
}

# The flags of a command; those with = take a value.
_lictor_flags() {
  case "$1" in
    'agent') echo '-acl -advertise= -advertise-wan= -allow-write-http-from= -alt-domain= -auto-reload-config -bind= -bootstrap -bootstrap-expect= -check_output_max_size= -client= -config-dir= -config-file= -config-format= -data-dir= -datacenter= -default-query-time= -dev -disable-host-node-id -disable-keyring-file -dns-port= -domain= -enable-local-script-checks -enable-script-checks -encrypt= -grpc-port= -grpc-tls-port= -hcl= -http-errors= -http-port= -https-port= -join= -join-wan= -log-file= -log-json -log-level= -log-rotate-bytes= -log-rotate-duration= -log-rotate-max-files= -max-query-time= -node= -node-id= -node-meta= -non-voting-server -pid-file= -primary-gateway= -protocol= -raft-protocol= -read-replica -recursor= -rejoin -retry-interval= -retry-interval-wan= -retry-join= -retry-join-wan= -retry-max= -retry-max-wan= -segment= -serf-lan-allowed-cidrs= -serf-lan-bind= -serf-lan-port= -serf-wan-allowed-cidrs= -serf-wan-bind= -serf-wan-port= -server -server-port= -syslog -ui -ui-content-path= -ui-dir= -ready-fd= -socket= -json -color -no-color' ;;
    'api') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -include -json -color -no-color' ;;
    'api list') echo '-plain -json -color -no-color' ;;
    'catalog datacenters') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'catalog nodes') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -plain -detailed -filter= -near= -node-meta= -service= -json -color -no-color' ;;
    'catalog services') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -node= -node-meta= -tags -all -json -color -no-color' ;;
    'chaos replay') echo '-nodes= -duration= -scenario= -bug= -profile= -events= -skip= -without= -messages -json -color -no-color' ;;
    'chaos shrink') echo '-nodes= -duration= -scenario= -bug= -profile= -events= -skip= -without= -timeout= -json -color -no-color' ;;
    'chaos simulate') echo '-nodes= -duration= -scenario= -bug= -profile= -events= -skip= -without= -seed= -json -color -no-color' ;;
    'completion') echo '-json -color -no-color' ;;
    'dns curl-args') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -server= -port= -json -color -no-color' ;;
    'dns query') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -server= -tcp -json -color -no-color' ;;
    'dns trace') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -server= -json -color -no-color' ;;
    'dns-setup') echo '-domain= -server= -json -color -no-color' ;;
    'doctor') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -all -json -color -no-color' ;;
    'event') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -name= -node= -service= -tag= -json -color -no-color' ;;
    'force-leave') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -prune -wan -json -color -no-color' ;;
    'help') echo '-json -color -no-color' ;;
    'info') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'join') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -wan -json -color -no-color' ;;
    'keygen') echo '-json -color -no-color' ;;
    'keyring') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -list -list-primary -install= -use= -remove= -relay-factor= -local-only -json -color -no-color' ;;
    'kv delete') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -cas -modify-index= -recurse -force -dry-run -json -color -no-color' ;;
    'kv export') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'kv get') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -base64 -detailed -keys -recurse -separator= -raw -decode -json -color -no-color' ;;
    'kv import') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -prefix= -dry-run -json -color -no-color' ;;
    'kv put') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -acquire -base64 -cas -flags= -modify-index= -release -session= -json -color -no-color' ;;
    'kvstore') echo '-engine= -peers= -role= -leader= -port= -bind= -sync= -data-dir= -log-level= -ready-fd= -socket= -json -color -no-color' ;;
    'kvstore follow') echo '-node= -timeout= -json -color -no-color' ;;
    'kvstore promote') echo '-node= -timeout= -json -color -no-color' ;;
    'kvstore status') echo '-node= -timeout= -json -color -no-color' ;;
    'leave') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'lock') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -monitor-retry= -n= -name= -pass-stdin -shell -try= -verbose -json -color -no-color' ;;
    'logs') echo '-follow -f -lines= -log-level= -json -color -no-color' ;;
    'maint') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -disable -enable -reason= -service= -json -color -no-color' ;;
    'members') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -plain -wide -detailed -filter= -segment= -status= -wan -json -color -no-color' ;;
    'monitor') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -log-level= -log-json -json -color -no-color' ;;
    'operator autopilot get-config') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'operator autopilot set-config') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -cleanup-dead-servers -disable-upgrade-migration -last-contact-threshold= -max-trailing-logs= -min-quorum= -redundancy-zone-tag= -server-stabilization-time= -upgrade-version-tag= -json -color -no-color' ;;
    'operator autopilot state') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -format= -json -color -no-color' ;;
    'operator raft list-peers') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -plain -wide -json -color -no-color' ;;
    'operator raft remove-peer') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -address= -id= -json -color -no-color' ;;
    'operator raft transfer-leader') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -id= -json -color -no-color' ;;
    'operator usage instances') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -all-datacenters -billable -connect -json -color -no-color' ;;
    'ps') echo '-plain -json -color -no-color' ;;
    'raft add') echo '-node= -cluster= -token-file= -timeout= -voter -json -color -no-color' ;;
    'raft apply') echo '-node= -cluster= -token-file= -timeout= -json -color -no-color' ;;
    'raft get') echo '-node= -cluster= -token-file= -timeout= -stale -json -color -no-color' ;;
    'raft log') echo '-node= -cluster= -token-file= -from= -to= -decode -data-dir= -plain -json -color -no-color' ;;
    'raft node') echo '-id= -peers= -address= -join -data-dir= -ephemeral -election-timeout= -snapshot-entries= -trailing-entries= -control= -control-token-file= -log-level= -ready-fd= -socket= -json -color -no-color' ;;
    'raft promote') echo '-node= -cluster= -token-file= -timeout= -demote -json -color -no-color' ;;
    'raft remove') echo '-node= -cluster= -token-file= -timeout= -json -color -no-color' ;;
    'raft scenario') echo '-all -json -color -no-color' ;;
    'raft snapshot') echo '-node= -cluster= -token-file= -json -color -no-color' ;;
    'raft status') echo '-node= -cluster= -token-file= -all -json -color -no-color' ;;
    'raft trace') echo '-node= -cluster= -token-file= -once -commits -count= -json -color -no-color' ;;
    'raft transfer') echo '-node= -cluster= -token-file= -timeout= -json -color -no-color' ;;
    'raft wait') echo '-node= -cluster= -token-file= -timeout= -json -color -no-color' ;;
    'registry') echo '-port= -bind= -dialect= -enable-script-checks -ready-fd= -socket= -json -color -no-color' ;;
    'registry-dns') echo '-port= -bind= -registry= -domain= -ttl= -recursor= -ready-fd= -socket= -json -color -no-color' ;;
    'reload') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'rtt') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -wan -json -color -no-color' ;;
    'services deregister') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -id= -json -color -no-color' ;;
    'services export') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -consumer-partitions= -consumer-peers= -name= -json -color -no-color' ;;
    'services register') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -address= -id= -kind= -meta= -name= -port= -socket= -tag= -tagged-address= -json -color -no-color' ;;
    'session create') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -behavior= -lock-delay= -name= -node= -node-check= -service-check= -no-checks -ttl= -json -color -no-color' ;;
    'session destroy') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'session info') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'session list') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -plain -json -color -no-color' ;;
    'session node') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -plain -json -color -no-color' ;;
    'session renew') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'stop') echo '-timeout= -kill -json -color -no-color' ;;
    'swim event') echo '-node= -rpc-addr= -socket= -payload= -coalesce -json -color -no-color' ;;
    'swim events') echo '-node= -rpc-addr= -socket= -f -follow -count= -utc -json -color -no-color' ;;
    'swim force-leave') echo '-node= -rpc-addr= -socket= -prune -json -color -no-color' ;;
    'swim info') echo '-node= -rpc-addr= -socket= -format= -json -color -no-color' ;;
    'swim join') echo '-node= -rpc-addr= -socket= -replay -json -color -no-color' ;;
    'swim keygen') echo '-json -color -no-color' ;;
    'swim keys') echo '-node= -rpc-addr= -socket= -install= -use= -remove= -list -json -color -no-color' ;;
    'swim leave') echo '-node= -rpc-addr= -socket= -json -color -no-color' ;;
    'swim members') echo '-node= -rpc-addr= -socket= -detailed -format= -name= -status= -tag= -role= -json -color -no-color' ;;
    'swim monitor') echo '-node= -rpc-addr= -socket= -log-level= -json -color -no-color' ;;
    'swim node') echo '-name= -port= -bind= -advertise= -join= -tag= -encrypt= -label= -profile= -event-handler= -disable-compression -ephemeral -rejoin -log-level= -ready-fd= -socket= -json -color -no-color' ;;
    'swim query') echo '-node= -rpc-addr= -socket= -payload= -format= -only= -tag= -timeout= -no-ack -relay-factor= -json -color -no-color' ;;
    'swim reachability') echo '-node= -rpc-addr= -socket= -timeout= -json -color -no-color' ;;
    'swim rtt') echo '-node= -rpc-addr= -socket= -json -color -no-color' ;;
    'swim tags') echo '-node= -rpc-addr= -socket= -set= -delete= -json -color -no-color' ;;
    'swim trace') echo '-node= -rpc-addr= -socket= -once -count= -only= -about= -json -color -no-color' ;;
    'swim wait') echo '-node= -rpc-addr= -socket= -timeout= -json -color -no-color' ;;
    'validate') echo '-config-format= -quiet -json -color -no-color' ;;
    'version') echo '-format= -json -color -no-color' ;;
    'wait') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -json -color -no-color' ;;
    'watch') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -namespace= -partition= -timeout= -trace -datacenter= -stale -type= -key= -prefix= -service= -tag= -passingonly= -state= -name= -service-id= -filter= -shell -count= -until= -heartbeat= -json -color -no-color' ;;
  esac
}

# What the value of a flag is: a kind (@file, @key, …) or the words themselves.
_lictor_value() {
  case "$1" in
    'agent -config-dir') echo '@file' ;;
    'agent -config-file') echo '@file' ;;
    'agent -data-dir') echo '@file' ;;
    'agent -log-file') echo '@file' ;;
    'agent -pid-file') echo '@file' ;;
    'agent -ui-content-path') echo '@file' ;;
    'agent -ui-dir') echo '@file' ;;
    'agent -socket') echo '@file' ;;
    'api -token-file') echo '@file' ;;
    'api -ca-file') echo '@file' ;;
    'api -ca-path') echo '@file' ;;
    'api -client-cert') echo '@file' ;;
    'api -client-key') echo '@file' ;;
    'catalog datacenters -token-file') echo '@file' ;;
    'catalog datacenters -ca-file') echo '@file' ;;
    'catalog datacenters -ca-path') echo '@file' ;;
    'catalog datacenters -client-cert') echo '@file' ;;
    'catalog datacenters -client-key') echo '@file' ;;
    'catalog nodes -token-file') echo '@file' ;;
    'catalog nodes -ca-file') echo '@file' ;;
    'catalog nodes -ca-path') echo '@file' ;;
    'catalog nodes -client-cert') echo '@file' ;;
    'catalog nodes -client-key') echo '@file' ;;
    'catalog nodes -near') echo '@node' ;;
    'catalog nodes -service') echo '@service' ;;
    'catalog services -token-file') echo '@file' ;;
    'catalog services -ca-file') echo '@file' ;;
    'catalog services -ca-path') echo '@file' ;;
    'catalog services -client-cert') echo '@file' ;;
    'catalog services -client-key') echo '@file' ;;
    'catalog services -node') echo '@node' ;;
    'chaos replay -scenario') echo '@file' ;;
    'chaos replay -bug') echo 'stale-read lost-ack' ;;
    'chaos replay -profile') echo 'swarm figure-8 flush-crasher slow-reply usurper transfer-storm churn snapshot-storm wipe rot quiet-restart pause-leader stalled-disk disk-full clocks weather alone' ;;
    'chaos replay -without') echo 'no-loss no-duplicates no-tail in-order even-disks whole-writes true-clocks one-key no-spares' ;;
    'chaos shrink -scenario') echo '@file' ;;
    'chaos shrink -bug') echo 'stale-read lost-ack' ;;
    'chaos shrink -profile') echo 'swarm figure-8 flush-crasher slow-reply usurper transfer-storm churn snapshot-storm wipe rot quiet-restart pause-leader stalled-disk disk-full clocks weather alone' ;;
    'chaos shrink -without') echo 'no-loss no-duplicates no-tail in-order even-disks whole-writes true-clocks one-key no-spares' ;;
    'chaos simulate -scenario') echo '@file' ;;
    'chaos simulate -bug') echo 'stale-read lost-ack' ;;
    'chaos simulate -profile') echo 'swarm figure-8 flush-crasher slow-reply usurper transfer-storm churn snapshot-storm wipe rot quiet-restart pause-leader stalled-disk disk-full clocks weather alone' ;;
    'chaos simulate -without') echo 'no-loss no-duplicates no-tail in-order even-disks whole-writes true-clocks one-key no-spares' ;;
    'dns curl-args -token-file') echo '@file' ;;
    'dns curl-args -ca-file') echo '@file' ;;
    'dns curl-args -ca-path') echo '@file' ;;
    'dns curl-args -client-cert') echo '@file' ;;
    'dns curl-args -client-key') echo '@file' ;;
    'dns query -token-file') echo '@file' ;;
    'dns query -ca-file') echo '@file' ;;
    'dns query -ca-path') echo '@file' ;;
    'dns query -client-cert') echo '@file' ;;
    'dns query -client-key') echo '@file' ;;
    'dns trace -token-file') echo '@file' ;;
    'dns trace -ca-file') echo '@file' ;;
    'dns trace -ca-path') echo '@file' ;;
    'dns trace -client-cert') echo '@file' ;;
    'dns trace -client-key') echo '@file' ;;
    'doctor -token-file') echo '@file' ;;
    'doctor -ca-file') echo '@file' ;;
    'doctor -ca-path') echo '@file' ;;
    'doctor -client-cert') echo '@file' ;;
    'doctor -client-key') echo '@file' ;;
    'event -token-file') echo '@file' ;;
    'event -ca-file') echo '@file' ;;
    'event -ca-path') echo '@file' ;;
    'event -client-cert') echo '@file' ;;
    'event -client-key') echo '@file' ;;
    'force-leave -token-file') echo '@file' ;;
    'force-leave -ca-file') echo '@file' ;;
    'force-leave -ca-path') echo '@file' ;;
    'force-leave -client-cert') echo '@file' ;;
    'force-leave -client-key') echo '@file' ;;
    'info -token-file') echo '@file' ;;
    'info -ca-file') echo '@file' ;;
    'info -ca-path') echo '@file' ;;
    'info -client-cert') echo '@file' ;;
    'info -client-key') echo '@file' ;;
    'join -token-file') echo '@file' ;;
    'join -ca-file') echo '@file' ;;
    'join -ca-path') echo '@file' ;;
    'join -client-cert') echo '@file' ;;
    'join -client-key') echo '@file' ;;
    'keyring -token-file') echo '@file' ;;
    'keyring -ca-file') echo '@file' ;;
    'keyring -ca-path') echo '@file' ;;
    'keyring -client-cert') echo '@file' ;;
    'keyring -client-key') echo '@file' ;;
    'kv delete -token-file') echo '@file' ;;
    'kv delete -ca-file') echo '@file' ;;
    'kv delete -ca-path') echo '@file' ;;
    'kv delete -client-cert') echo '@file' ;;
    'kv delete -client-key') echo '@file' ;;
    'kv export -token-file') echo '@file' ;;
    'kv export -ca-file') echo '@file' ;;
    'kv export -ca-path') echo '@file' ;;
    'kv export -client-cert') echo '@file' ;;
    'kv export -client-key') echo '@file' ;;
    'kv get -token-file') echo '@file' ;;
    'kv get -ca-file') echo '@file' ;;
    'kv get -ca-path') echo '@file' ;;
    'kv get -client-cert') echo '@file' ;;
    'kv get -client-key') echo '@file' ;;
    'kv import -token-file') echo '@file' ;;
    'kv import -ca-file') echo '@file' ;;
    'kv import -ca-path') echo '@file' ;;
    'kv import -client-cert') echo '@file' ;;
    'kv import -client-key') echo '@file' ;;
    'kv import -prefix') echo '@key' ;;
    'kv put -token-file') echo '@file' ;;
    'kv put -ca-file') echo '@file' ;;
    'kv put -ca-path') echo '@file' ;;
    'kv put -client-cert') echo '@file' ;;
    'kv put -client-key') echo '@file' ;;
    'kv put -session') echo '@session' ;;
    'kvstore -engine') echo 'replica raft' ;;
    'kvstore -role') echo 'leader follower' ;;
    'kvstore -sync') echo 'all one none' ;;
    'kvstore -data-dir') echo '@file' ;;
    'kvstore -log-level') echo 'info debug warn error' ;;
    'kvstore -socket') echo '@file' ;;
    'kvstore follow -node') echo '@daemon' ;;
    'kvstore promote -node') echo '@daemon' ;;
    'kvstore status -node') echo '@daemon' ;;
    'leave -token-file') echo '@file' ;;
    'leave -ca-file') echo '@file' ;;
    'leave -ca-path') echo '@file' ;;
    'leave -client-cert') echo '@file' ;;
    'leave -client-key') echo '@file' ;;
    'lock -token-file') echo '@file' ;;
    'lock -ca-file') echo '@file' ;;
    'lock -ca-path') echo '@file' ;;
    'lock -client-cert') echo '@file' ;;
    'lock -client-key') echo '@file' ;;
    'logs -log-level') echo 'trace debug info warn error' ;;
    'maint -token-file') echo '@file' ;;
    'maint -ca-file') echo '@file' ;;
    'maint -ca-path') echo '@file' ;;
    'maint -client-cert') echo '@file' ;;
    'maint -client-key') echo '@file' ;;
    'maint -service') echo '@service' ;;
    'members -token-file') echo '@file' ;;
    'members -ca-file') echo '@file' ;;
    'members -ca-path') echo '@file' ;;
    'members -client-cert') echo '@file' ;;
    'members -client-key') echo '@file' ;;
    'monitor -token-file') echo '@file' ;;
    'monitor -ca-file') echo '@file' ;;
    'monitor -ca-path') echo '@file' ;;
    'monitor -client-cert') echo '@file' ;;
    'monitor -client-key') echo '@file' ;;
    'monitor -log-level') echo 'trace debug info warn error' ;;
    'operator autopilot get-config -token-file') echo '@file' ;;
    'operator autopilot get-config -ca-file') echo '@file' ;;
    'operator autopilot get-config -ca-path') echo '@file' ;;
    'operator autopilot get-config -client-cert') echo '@file' ;;
    'operator autopilot get-config -client-key') echo '@file' ;;
    'operator autopilot set-config -token-file') echo '@file' ;;
    'operator autopilot set-config -ca-file') echo '@file' ;;
    'operator autopilot set-config -ca-path') echo '@file' ;;
    'operator autopilot set-config -client-cert') echo '@file' ;;
    'operator autopilot set-config -client-key') echo '@file' ;;
    'operator autopilot state -token-file') echo '@file' ;;
    'operator autopilot state -ca-file') echo '@file' ;;
    'operator autopilot state -ca-path') echo '@file' ;;
    'operator autopilot state -client-cert') echo '@file' ;;
    'operator autopilot state -client-key') echo '@file' ;;
    'operator autopilot state -format') echo 'pretty json' ;;
    'operator raft list-peers -token-file') echo '@file' ;;
    'operator raft list-peers -ca-file') echo '@file' ;;
    'operator raft list-peers -ca-path') echo '@file' ;;
    'operator raft list-peers -client-cert') echo '@file' ;;
    'operator raft list-peers -client-key') echo '@file' ;;
    'operator raft remove-peer -token-file') echo '@file' ;;
    'operator raft remove-peer -ca-file') echo '@file' ;;
    'operator raft remove-peer -ca-path') echo '@file' ;;
    'operator raft remove-peer -client-cert') echo '@file' ;;
    'operator raft remove-peer -client-key') echo '@file' ;;
    'operator raft transfer-leader -token-file') echo '@file' ;;
    'operator raft transfer-leader -ca-file') echo '@file' ;;
    'operator raft transfer-leader -ca-path') echo '@file' ;;
    'operator raft transfer-leader -client-cert') echo '@file' ;;
    'operator raft transfer-leader -client-key') echo '@file' ;;
    'operator usage instances -token-file') echo '@file' ;;
    'operator usage instances -ca-file') echo '@file' ;;
    'operator usage instances -ca-path') echo '@file' ;;
    'operator usage instances -client-cert') echo '@file' ;;
    'operator usage instances -client-key') echo '@file' ;;
    'raft add -node') echo '@daemon' ;;
    'raft add -token-file') echo '@file' ;;
    'raft apply -node') echo '@daemon' ;;
    'raft apply -token-file') echo '@file' ;;
    'raft get -node') echo '@daemon' ;;
    'raft get -token-file') echo '@file' ;;
    'raft log -node') echo '@daemon' ;;
    'raft log -token-file') echo '@file' ;;
    'raft log -data-dir') echo '@file' ;;
    'raft node -data-dir') echo '@file' ;;
    'raft node -control-token-file') echo '@file' ;;
    'raft node -log-level') echo 'info trace debug warn error' ;;
    'raft node -socket') echo '@file' ;;
    'raft promote -node') echo '@daemon' ;;
    'raft promote -token-file') echo '@file' ;;
    'raft remove -node') echo '@daemon' ;;
    'raft remove -token-file') echo '@file' ;;
    'raft snapshot -node') echo '@daemon' ;;
    'raft snapshot -token-file') echo '@file' ;;
    'raft status -node') echo '@daemon' ;;
    'raft status -token-file') echo '@file' ;;
    'raft trace -node') echo '@daemon' ;;
    'raft trace -token-file') echo '@file' ;;
    'raft transfer -node') echo '@daemon' ;;
    'raft transfer -token-file') echo '@file' ;;
    'raft wait -node') echo '@daemon' ;;
    'raft wait -token-file') echo '@file' ;;
    'registry -dialect') echo 'lesson consul' ;;
    'registry -socket') echo '@file' ;;
    'registry-dns -socket') echo '@file' ;;
    'reload -token-file') echo '@file' ;;
    'reload -ca-file') echo '@file' ;;
    'reload -ca-path') echo '@file' ;;
    'reload -client-cert') echo '@file' ;;
    'reload -client-key') echo '@file' ;;
    'rtt -token-file') echo '@file' ;;
    'rtt -ca-file') echo '@file' ;;
    'rtt -ca-path') echo '@file' ;;
    'rtt -client-cert') echo '@file' ;;
    'rtt -client-key') echo '@file' ;;
    'services deregister -token-file') echo '@file' ;;
    'services deregister -ca-file') echo '@file' ;;
    'services deregister -ca-path') echo '@file' ;;
    'services deregister -client-cert') echo '@file' ;;
    'services deregister -client-key') echo '@file' ;;
    'services deregister -id') echo '@service' ;;
    'services export -token-file') echo '@file' ;;
    'services export -ca-file') echo '@file' ;;
    'services export -ca-path') echo '@file' ;;
    'services export -client-cert') echo '@file' ;;
    'services export -client-key') echo '@file' ;;
    'services export -name') echo '@service' ;;
    'services register -token-file') echo '@file' ;;
    'services register -ca-file') echo '@file' ;;
    'services register -ca-path') echo '@file' ;;
    'services register -client-cert') echo '@file' ;;
    'services register -client-key') echo '@file' ;;
    'services register -socket') echo '@file' ;;
    'session create -token-file') echo '@file' ;;
    'session create -ca-file') echo '@file' ;;
    'session create -ca-path') echo '@file' ;;
    'session create -client-cert') echo '@file' ;;
    'session create -client-key') echo '@file' ;;
    'session create -behavior') echo 'release delete' ;;
    'session create -node') echo '@node' ;;
    'session destroy -token-file') echo '@file' ;;
    'session destroy -ca-file') echo '@file' ;;
    'session destroy -ca-path') echo '@file' ;;
    'session destroy -client-cert') echo '@file' ;;
    'session destroy -client-key') echo '@file' ;;
    'session info -token-file') echo '@file' ;;
    'session info -ca-file') echo '@file' ;;
    'session info -ca-path') echo '@file' ;;
    'session info -client-cert') echo '@file' ;;
    'session info -client-key') echo '@file' ;;
    'session list -token-file') echo '@file' ;;
    'session list -ca-file') echo '@file' ;;
    'session list -ca-path') echo '@file' ;;
    'session list -client-cert') echo '@file' ;;
    'session list -client-key') echo '@file' ;;
    'session node -token-file') echo '@file' ;;
    'session node -ca-file') echo '@file' ;;
    'session node -ca-path') echo '@file' ;;
    'session node -client-cert') echo '@file' ;;
    'session node -client-key') echo '@file' ;;
    'session renew -token-file') echo '@file' ;;
    'session renew -ca-file') echo '@file' ;;
    'session renew -ca-path') echo '@file' ;;
    'session renew -client-cert') echo '@file' ;;
    'session renew -client-key') echo '@file' ;;
    'swim event -node') echo '@daemon' ;;
    'swim event -socket') echo '@file' ;;
    'swim events -node') echo '@daemon' ;;
    'swim events -socket') echo '@file' ;;
    'swim force-leave -node') echo '@daemon' ;;
    'swim force-leave -socket') echo '@file' ;;
    'swim info -node') echo '@daemon' ;;
    'swim info -socket') echo '@file' ;;
    'swim info -format') echo 'text json' ;;
    'swim join -node') echo '@daemon' ;;
    'swim join -socket') echo '@file' ;;
    'swim keys -node') echo '@daemon' ;;
    'swim keys -socket') echo '@file' ;;
    'swim leave -node') echo '@daemon' ;;
    'swim leave -socket') echo '@file' ;;
    'swim members -node') echo '@daemon' ;;
    'swim members -socket') echo '@file' ;;
    'swim members -format') echo 'text json' ;;
    'swim monitor -node') echo '@daemon' ;;
    'swim monitor -socket') echo '@file' ;;
    'swim monitor -log-level') echo 'trace debug info warn error' ;;
    'swim node -profile') echo 'lesson lan wan local' ;;
    'swim node -log-level') echo 'info trace debug warn error' ;;
    'swim node -socket') echo '@file' ;;
    'swim query -node') echo '@daemon' ;;
    'swim query -socket') echo '@file' ;;
    'swim query -format') echo 'text json' ;;
    'swim reachability -node') echo '@daemon' ;;
    'swim reachability -socket') echo '@file' ;;
    'swim rtt -node') echo '@daemon' ;;
    'swim rtt -socket') echo '@file' ;;
    'swim tags -node') echo '@daemon' ;;
    'swim tags -socket') echo '@file' ;;
    'swim trace -node') echo '@daemon' ;;
    'swim trace -socket') echo '@file' ;;
    'swim wait -node') echo '@daemon' ;;
    'swim wait -socket') echo '@file' ;;
    'validate -config-format') echo 'hcl json' ;;
    'version -format') echo 'pretty json' ;;
    'wait -token-file') echo '@file' ;;
    'wait -ca-file') echo '@file' ;;
    'wait -ca-path') echo '@file' ;;
    'wait -client-cert') echo '@file' ;;
    'wait -client-key') echo '@file' ;;
    'watch -token-file') echo '@file' ;;
    'watch -ca-file') echo '@file' ;;
    'watch -ca-path') echo '@file' ;;
    'watch -client-cert') echo '@file' ;;
    'watch -client-key') echo '@file' ;;
    'watch -type') echo 'key keyprefix services nodes service checks event agent_service' ;;
    'watch -key') echo '@key' ;;
    'watch -prefix') echo '@key' ;;
    'watch -service') echo '@service' ;;
  esac
}

# What the first word of a command is.
_lictor_argument() {
  case "$1" in
    'completion') echo 'bash zsh fish' ;;
    'dns curl-args') echo '@service' ;;
    'dns query') echo '@service' ;;
    'dns trace') echo '@service' ;;
    'force-leave') echo '@node' ;;
    'kv delete') echo '@key' ;;
    'kv export') echo '@key' ;;
    'kv get') echo '@key' ;;
    'kv import') echo '@file' ;;
    'kv put') echo '@key' ;;
    'lock') echo '@key' ;;
    'logs') echo '@daemon' ;;
    'rtt') echo '@node' ;;
    'services deregister') echo '@file' ;;
    'services register') echo '@file' ;;
    'session destroy') echo '@session' ;;
    'session info') echo '@session' ;;
    'session node') echo '@node' ;;
    'session renew') echo '@session' ;;
    'stop') echo '@daemon' ;;
    'validate') echo '@file' ;;
  esac
}

# The words of lictor that a program stands for.
_lictor_group() {
  case "$1" in
    'raftnode') echo 'raft node' ;;
    'raftctl') echo 'raft' ;;
    'kvstore') echo 'kvstore' ;;
    'swimnode') echo 'swim node' ;;
    'swimctl') echo 'swim' ;;
    'registry') echo 'registry' ;;
    'registry-dns') echo 'registry-dns' ;;
    'chaos-consul') echo 'chaos' ;;
  esac
}

_lictor_offer() {
  # $1: kind or words, $2: what has been typed of it.
  case "$1" in
    '') ;;
    @file) compgen -f -- "$2" ;;
    @*) "${_lictor_program:-lictor}" __complete "${1#@}" "$2" 2>/dev/null ;;
    *) compgen -W "$1" -- "$2" ;;
  esac
}

# -name or --name, with or without a value, as -name.
_lictor_flag_name() {
  local name=${1%%=*}
  name=${name#-}
  echo "-${name#-}"
}

_lictor_offers() {
  # $1: command, $2: word before, $3: word, $4: yes when the command may go on.
  local name
  if [[ $3 == -*=* ]]; then
    name=$(_lictor_flag_name "$3")
    _lictor_offer "$(_lictor_value "$1 $name")" "${3#*=}" | sed "s|^|${3%%=*}=|"
  elif [[ $3 == -* ]]; then
    compgen -W "$(_lictor_flags "$1")" -- "$(_lictor_flag_name "$3")"
  elif [[ $2 == -* && " $(_lictor_flags "$1") " == *" $(_lictor_flag_name "$2")= "* ]]; then
    _lictor_offer "$(_lictor_value "$1 $(_lictor_flag_name "$2")")" "$3"
  else
    [[ $4 == yes ]] && compgen -W "$(_lictor_words "$1")" -- "$3"
    _lictor_offer "$(_lictor_argument "$1")" "$3"
  fi
}

_lictor() {
  local line=${COMP_LINE:0:COMP_POINT} words=() id='' at=1 word typed before offer last=no
  local called group
  # A blank behind a backslash belongs to the word.
  [[ $line =~ ([^[:space:]\\]|\\.)*$ ]]
  word=${BASH_REMATCH[0]}
  typed=${word//\\/}
  read -a words <<<"${line%"$word"}"
  called=${words[0]##*/}
  group=$(_lictor_group "$called")
  _lictor_program=${words[0]}
  if [[ -n $group ]]; then
    words=("${words[0]}" $group "${words[@]:1}")
    _lictor_program=${words[0]%"$called"}lictor
  fi
  while ((at < ${#words[@]})) && [[ " $(_lictor_words "$id") " == *" ${words[at]} "* ]]; do
    id=${id:+$id }${words[at++]}
  done
  ((at == ${#words[@]})) && last=yes
  before=${words[${#words[@]} - 1]}
  [[ $before == *=* ]] && before=''
  COMPREPLY=()
  while IFS= read -r offer; do
    # bash replaces only what stands behind the last of these signs.
    offer=${offer#"${typed%"${typed##*[=:]}"}"}
    [[ -n $offer ]] && COMPREPLY+=("${offer//[[:space:]]/\\ }")
  done < <(_lictor_offers "$id" "$before" "$typed" "$last")
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
  return 0
}

complete -F _lictor lictor consul-clone raftnode raftctl kvstore swimnode swimctl registry registry-dns chaos-consul

# bash completion for lictor. Written by completions/generate.ts; do not edit.

# What may follow these words.
_lictor_words() {
  case "$1" in
    '') echo 'agent api chaos completion doctor help info keygen kv leave logs monitor ps reload stop validate version wait watch' ;;
    'api') echo 'list' ;;
    'chaos') echo 'replay shrink simulate' ;;
    'kv') echo 'delete export get import put' ;;
  esac
}

# The flags of a command; those with = take a value.
_lictor_flags() {
  case "$1" in
    'agent') echo '-acl -advertise= -advertise-wan= -allow-write-http-from= -alt-domain= -auto-reload-config -bind= -bootstrap -bootstrap-expect= -check_output_max_size= -client= -config-dir= -config-file= -config-format= -data-dir= -datacenter= -default-query-time= -dev -disable-host-node-id -disable-keyring-file -dns-port= -domain= -enable-local-script-checks -enable-script-checks -encrypt= -grpc-port= -grpc-tls-port= -hcl= -http-errors= -http-port= -https-port= -join= -join-wan= -log-file= -log-json -log-level= -log-rotate-bytes= -log-rotate-duration= -log-rotate-max-files= -max-query-time= -node= -node-id= -node-meta= -non-voting-server -pid-file= -primary-gateway= -protocol= -raft-protocol= -read-replica -recursor= -rejoin -retry-interval= -retry-interval-wan= -retry-join= -retry-join-wan= -retry-max= -retry-max-wan= -segment= -serf-lan-allowed-cidrs= -serf-lan-bind= -serf-lan-port= -serf-wan-allowed-cidrs= -serf-wan-bind= -serf-wan-port= -server -server-port= -syslog -ui -ui-content-path= -ui-dir= -ready-fd= -socket= -json -color -no-color' ;;
    'api') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -include -json -color -no-color' ;;
    'api list') echo '-plain -json -color -no-color' ;;
    'chaos replay') echo '-nodes= -duration= -scenario= -bug= -profile= -events= -skip= -without= -messages -json -color -no-color' ;;
    'chaos shrink') echo '-nodes= -duration= -scenario= -bug= -profile= -events= -skip= -without= -timeout= -json -color -no-color' ;;
    'chaos simulate') echo '-nodes= -duration= -scenario= -bug= -profile= -events= -skip= -without= -seed= -json -color -no-color' ;;
    'completion') echo '-json -color -no-color' ;;
    'doctor') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -all -json -color -no-color' ;;
    'help') echo '-json -color -no-color' ;;
    'info') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -json -color -no-color' ;;
    'keygen') echo '-json -color -no-color' ;;
    'kv delete') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -cas -modify-index= -recurse -force -dry-run -json -color -no-color' ;;
    'kv export') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -json -color -no-color' ;;
    'kv get') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -base64 -detailed -keys -recurse -separator= -raw -decode -json -color -no-color' ;;
    'kv import') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -prefix= -dry-run -json -color -no-color' ;;
    'kv put') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -acquire -base64 -cas -flags= -modify-index= -release -session= -json -color -no-color' ;;
    'leave') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -json -color -no-color' ;;
    'logs') echo '-follow -lines= -log-level= -json -color -no-color' ;;
    'monitor') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -log-level= -log-json -json -color -no-color' ;;
    'ps') echo '-plain -json -color -no-color' ;;
    'reload') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -json -color -no-color' ;;
    'stop') echo '-timeout= -kill -json -color -no-color' ;;
    'validate') echo '-config-format= -quiet -json -color -no-color' ;;
    'version') echo '-format= -json -color -no-color' ;;
    'wait') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -json -color -no-color' ;;
    'watch') echo '-http-addr= -token= -token-file= -ca-file= -ca-path= -client-cert= -client-key= -tls-server-name= -datacenter= -stale -namespace= -partition= -timeout= -trace -type= -key= -prefix= -service= -tag= -passingonly= -state= -name= -filter= -shell -count= -until= -heartbeat= -json -color -no-color' ;;
  esac
}

# What the value of a flag is: a kind (@file, @key, @daemon) or the words themselves.
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
    'chaos replay -scenario') echo '@file' ;;
    'chaos replay -bug') echo 'stale-read lost-ack' ;;
    'chaos replay -profile') echo 'swarm figure-8 flush-crasher slow-reply usurper transfer-storm churn snapshot-storm wipe quiet-restart pause-leader stalled-disk disk-full clocks weather alone' ;;
    'chaos replay -without') echo 'no-loss no-duplicates no-tail in-order even-disks whole-writes true-clocks one-key no-spares' ;;
    'chaos shrink -scenario') echo '@file' ;;
    'chaos shrink -bug') echo 'stale-read lost-ack' ;;
    'chaos shrink -profile') echo 'swarm figure-8 flush-crasher slow-reply usurper transfer-storm churn snapshot-storm wipe quiet-restart pause-leader stalled-disk disk-full clocks weather alone' ;;
    'chaos shrink -without') echo 'no-loss no-duplicates no-tail in-order even-disks whole-writes true-clocks one-key no-spares' ;;
    'chaos simulate -scenario') echo '@file' ;;
    'chaos simulate -bug') echo 'stale-read lost-ack' ;;
    'chaos simulate -profile') echo 'swarm figure-8 flush-crasher slow-reply usurper transfer-storm churn snapshot-storm wipe quiet-restart pause-leader stalled-disk disk-full clocks weather alone' ;;
    'chaos simulate -without') echo 'no-loss no-duplicates no-tail in-order even-disks whole-writes true-clocks one-key no-spares' ;;
    'doctor -token-file') echo '@file' ;;
    'doctor -ca-file') echo '@file' ;;
    'doctor -ca-path') echo '@file' ;;
    'doctor -client-cert') echo '@file' ;;
    'doctor -client-key') echo '@file' ;;
    'info -token-file') echo '@file' ;;
    'info -ca-file') echo '@file' ;;
    'info -ca-path') echo '@file' ;;
    'info -client-cert') echo '@file' ;;
    'info -client-key') echo '@file' ;;
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
    'leave -token-file') echo '@file' ;;
    'leave -ca-file') echo '@file' ;;
    'leave -ca-path') echo '@file' ;;
    'leave -client-cert') echo '@file' ;;
    'leave -client-key') echo '@file' ;;
    'logs -log-level') echo 'trace debug info warn error' ;;
    'monitor -token-file') echo '@file' ;;
    'monitor -ca-file') echo '@file' ;;
    'monitor -ca-path') echo '@file' ;;
    'monitor -client-cert') echo '@file' ;;
    'monitor -client-key') echo '@file' ;;
    'monitor -log-level') echo 'trace debug info warn error' ;;
    'reload -token-file') echo '@file' ;;
    'reload -ca-file') echo '@file' ;;
    'reload -ca-path') echo '@file' ;;
    'reload -client-cert') echo '@file' ;;
    'reload -client-key') echo '@file' ;;
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
    'watch -type') echo 'key keyprefix services nodes service checks event' ;;
    'watch -key') echo '@key' ;;
    'watch -prefix') echo '@key' ;;
  esac
}

# What the first word of a command is.
_lictor_argument() {
  case "$1" in
    'completion') echo 'bash zsh fish' ;;
    'kv delete') echo '@key' ;;
    'kv export') echo '@key' ;;
    'kv get') echo '@key' ;;
    'kv import') echo '@file' ;;
    'kv put') echo '@key' ;;
    'logs') echo '@daemon' ;;
    'stop') echo '@daemon' ;;
    'validate') echo '@file' ;;
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
  local line=${COMP_LINE:0:COMP_POINT} words=() id='' at=1 word before offer last=no
  word=${line##*[[:space:]]}
  read -ra words <<<"${line%"$word"}"
  _lictor_program=${words[0]}
  while ((at < ${#words[@]})) && [[ " $(_lictor_words "$id") " == *" ${words[at]} "* ]]; do
    id=${id:+$id }${words[at++]}
  done
  ((at == ${#words[@]})) && last=yes
  before=${words[${#words[@]} - 1]}
  [[ $before == *=* ]] && before=''
  COMPREPLY=()
  while IFS= read -r offer; do
    # bash replaces only what stands behind the last of these signs.
    [[ -n $offer ]] && COMPREPLY+=("${offer#"${word%"${word##*[=:]}"}"}")
  done < <(_lictor_offers "$id" "$before" "$word" "$last")
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
  return 0
}

complete -F _lictor lictor consul-clone

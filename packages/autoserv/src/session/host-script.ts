import { quoteWord } from '../hosts/quote.ts';

/** The oldest major version of Node that runs the client. */
export const oldestNode = 22;

export interface HostScriptOptions {
  /** Directories for the client, of which the first that will do is taken; undefined: the usual ones. */
  readonly bases: readonly string[] | undefined;
  /** What the session needs, by sha256; undefined where the host is only asked what it is. */
  readonly wants?: { readonly client: string; readonly runtime: string; readonly bundle: string | undefined };
  /** Things of this machine, used where they are; instead of `wants`. */
  readonly local?: { readonly node: string; readonly client: string };
  readonly session?: {
    readonly name: string;
    /** Tells a session that this process made from one that only has its name. */
    readonly owner: string;
    /** `make`: made anew from the first line of stdin, its spec, unless it is there already. `use`: it has to be there. */
    readonly how: 'make' | 'use';
    /** Client command that takes the script's place, with its arguments; undefined: none. */
    readonly command?: readonly string[];
  };
}

/**
 * A shell script that does in one round trip all that can be done in one: looks for the client's directory on the host, for what is stored there, makes the session and becomes the
 * client. It says what it found as `name=value` lines, of which `end=…` is the last: `ready` (a client command follows), `done`, `missing` (see `missing=`), `gone` (no such
 * session), `failed` (see `why=`), `nobase`.
 */
export function hostScript({ bases, wants, local, session }: HostScriptOptions): string {
  return [
    findBase(bases),
    about(wants === undefined && local === undefined),
    findParts(wants, local),
    useSession({ wants, local, session }),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** The first directory that is writable, ours and no link; one from which programs can be run before others. `test -x` tells a noexec mount, too. */
function findBase(bases: readonly string[] | undefined): string {
  const usual = '"${HOME:+$HOME/.autotest}" "/var/tmp/autotest-$user" "/tmp/autotest-$user"';
  return `umask 077
user=$(id -un 2>/dev/null || echo "\${USER:-unknown}")
base= spare= exec=yes
for dir in ${bases === undefined ? usual : bases.map(quoteWord).join(' ')}; do
  [ -n "$dir" ] || continue
  [ -d "$dir/sessions" ] && [ -d "$dir/cache" ] || mkdir -p "$dir/sessions" "$dir/cache" 2>/dev/null
  [ -d "$dir" ] && [ ! -L "$dir" ] && [ -O "$dir" ] && [ -d "$dir/cache" ] && [ -w "$dir/sessions" ] || continue
  spare=\${spare:-$dir}
  [ -e "$dir/.exec" ] || { printf '#!/bin/sh\\n' >"$dir/.exec" && chmod 700 "$dir/.exec"; } 2>/dev/null
  [ -x "$dir/.exec" ] && base=$dir && break
done
[ -n "$base" ] || { base=$spare exec=no; }
read -r boot </proc/sys/kernel/random/boot_id 2>/dev/null
echo "user=$user"; echo "base=$base"; echo "exec=$exec"; echo "boot=$boot"`;
}

/** What takes some processes to find out is asked only where it is wanted. */
function about(always: boolean): string {
  return `about() {
  echo "arch=$(uname -m)"; echo "kernel=$(uname -r)"; echo "clock=$(date +%s)"
  [ -n "$base" ] && echo "free=$(df -Pk "$base" 2>/dev/null | awk 'NR==2{print $4}')"
  for f in /lib/ld-linux* /lib64/ld-linux*; do [ -e "$f" ] && libc=glibc; done
  [ -n "$libc" ] || for f in /lib/ld-musl*; do [ -e "$f" ] && libc=musl; done
  echo "libc=$libc"
  own=$(command -v node 2>/dev/null) && echo "node=$own $(node --version 2>/dev/null)"
}
${always ? 'about' : ''}
[ -n "$base" ] || { ${always ? '' : 'about; '}echo end=nobase; exit 0; }`;
}

/** Node and client. The version of the host's own Node is asked once for each file that it is. */
function findParts(wants: HostScriptOptions['wants'], local: HostScriptOptions['local']): string {
  if (local) return `node=${quoteWord(local.node)} client=${quoteWord(local.client)} missing=`;
  if (!wants) return '';
  return `node=$base/runtime/${wants.runtime}/node client=$base/client/${wants.client}/client.mjs missing=
if [ ! -x "$node" ]; then
  own=$(command -v node 2>/dev/null) key=
  [ -n "$own" ] && key=$(ls -lLi "$own" 2>/dev/null)
  known= version=
  [ -n "$key" ] && [ -e "$base/node.version" ] && { IFS= read -r known; read -r version; } <"$base/node.version"
  [ "$known" = "$key" ] || { version=; [ -n "$key" ] && version=$(node --version 2>/dev/null) && printf '%s\\n%s\\n' "$key" "$version" >"$base/node.version.$$" && mv -f "$base/node.version.$$" "$base/node.version"; }
  major=\${version#v}; major=\${major%%.*}
  case $major in ''|*[!0-9]*) major=0;; esac
  if [ "$major" -ge ${oldestNode} ]; then node=$own; else missing="$missing runtime"; fi
fi
[ -e "$client" ] || missing="$missing client"`;
}

function useSession({ wants, local, session }: Pick<HostScriptOptions, 'wants' | 'local' | 'session'>): string {
  const done = 'echo "node=$node"; echo "client=$client"; echo end=done';
  if (!session) return wants || local ? `${missing('')}\n${done}` : 'echo end=done';
  const { name, owner, how, command } = session;
  const bundle = wants?.bundle === undefined ? '' : `bundle=$base/bundles/${wants.bundle}\n`;
  const make = `owner=
[ -e "$s/owner" ] && read -r owner <"$s/owner"
if [ "$owner" != ${owner} ]; then
${missing(bundle === '' ? '' : '[ -d "$bundle" ] || missing="$missing bundle"')}
IFS= read -r spec
[ ! -e "$s" ] || rm -rf "$s"
{ mkdir -p "$s" && printf '%s\\n' "$spec" >"$s/session.json" && ${local ? 'true' : linkParts(bundle !== '')} && echo ${owner} >"$s/owner"; } 2>"$base/.why.$$" || {
  read -r why <"$base/.why.$$"; rm -rf "$base/.why.$$" "$s"; about; echo "why=$why"; echo end=failed; exit 0; }
rm -f "$base/.why.$$"
[ -d /run/systemd/journal ] || ls -lLi /var/log/messages /var/log/syslog /var/log/kern.log >"$s/logs.start" 2>/dev/null
fi`;
  const use = `[ -e "$s/session.json" ] || { echo end=gone; exit 0; }`;
  return `s=$base/sessions/${name}
${bundle}${how === 'make' ? make : use}
${local ? '' : useLinks()}
echo "node=$node"; echo "client=$client"; echo "session=$s"
${command ? `echo end=ready\nexec "$node" "$client" ${command.map(quoteWord).join(' ')} --session "$s"` : 'echo end=done'}`;
}

function missing(more: string): string {
  return `${more}
[ -z "$missing" ] || { about; echo "missing=$missing"; echo end=missing; exit 0; }`;
}

/** The session's own names for what it uses. Links cost nothing; a file system without them gets copies. The time of the stored thing's directory is that of its last use. */
function linkParts(withBundle: boolean): string {
  const bundle = withBundle
    ? ` && { cp -al "$bundle" "$s/bundle" 2>/dev/null || { rm -rf "$s/bundle"; cp -a "$bundle" "$s/bundle"; }; } && touch "$bundle"`
    : '';
  return `{ ln "$client" "$s/client.mjs" 2>/dev/null || cp "$client" "$s/client.mjs"; } && touch "\${client%/*}" && case $node in "$base"/*) { ln "$node" "$s/node" 2>/dev/null || ln -s "$node" "$s/node"; } && touch "\${node%/*}";; esac${bundle}`;
}

/** What the session has itself is used; what was deleted there is taken from the store again. */
function useLinks(): string {
  return `if [ -e "$s/client.mjs" ]; then case $missing in *client*) missing=\${missing%client*};; esac; else
[ ! -e "$client" ] || { ln "$client" "$s/client.mjs" 2>/dev/null || cp "$client" "$s/client.mjs"; }; fi
if [ -x "$s/node" ]; then node=$s/node; case $missing in *runtime*) missing=\${missing#*runtime};; esac; fi
missing=\${missing# }; missing=\${missing% }
${missing('')}
client=$s/client.mjs`;
}

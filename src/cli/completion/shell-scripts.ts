export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a shell runs once to complete the words of the program: it asks the program itself each time. */
export const SHELL_SCRIPTS: Readonly<Record<Shell, string>> = {
  // Bash parts words at = and : (COMP_WORDBREAKS), and replaces only what is behind; the program has to see them whole.
  bash: `# bash completion for mvproxy: source <(mvproxy completion bash)
_mvproxy() {
  local line=\${COMP_LINE:0:COMP_POINT} cur=\${COMP_WORDS[COMP_CWORD]} IFS=$' \\t\\n'
  local words out directive last value
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  last=\${words[\${#words[@]} - 1]}
  [[ $cur == [=:] ]] && cur=''
  out=$("\${words[0]/#\\~/$HOME}" __complete "\${words[@]:1}" 2>/dev/null) || return
  directive=\${out##*:}
  out=\${out%:*}
  COMPREPLY=()
  IFS=$'\\n'
  case $directive in
    0) COMPREPLY=($(compgen -f -- "$cur")) && compopt -o filenames 2>/dev/null ;;
    16) COMPREPLY=($(compgen -d -- "$cur")) && compopt -o filenames 2>/dev/null ;;
    *)
      while IFS=$'\\t' read -r value _; do
        [[ -n $value ]] && COMPREPLY+=("\${value#"\${last%"$cur"}"}")
      done <<<"$out"
      [[ $directive == 6 ]] && compopt -o nospace 2>/dev/null
      ;;
  esac
  return 0
}
complete -F _mvproxy mvproxy kubectl-mvproxy
`,
  zsh: `#compdef mvproxy kubectl-mvproxy
# zsh completion for mvproxy: source <(mvproxy completion zsh), or as _mvproxy in a directory of $fpath
_mvproxy() {
  local out directive line value
  local -a lines candidates
  out=$("\${words[1]/#\\~/$HOME}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null) || return
  lines=("\${(@f)out}")
  directive=\${lines[-1]#:}
  for line in "\${(@)lines[1,-2]}"; do
    value=\${line%%$'\\t'*}
    if [[ $line == *$'\\t'* ]]; then
      candidates+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
    else
      candidates+=("\${value//:/\\\\:}")
    fi
  done
  case $directive in
    0) compset -P '*='; _files ;;
    16) compset -P '*='; _files -/ ;;
    6) _describe -t words mvproxy candidates -S '' ;;
    *) _describe -t words mvproxy candidates ;;
  esac
}
if [[ $funcstack[1] == _mvproxy ]]; then
  _mvproxy "$@"
else
  compdef _mvproxy mvproxy kubectl-mvproxy
fi
`,
  fish: `# fish completion for mvproxy: mvproxy completion fish | source
function __mvproxy_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l out ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    set -l directive $out[-1]
    set -e out[-1]
    set -l prefix (string match -r -- '^-[^=]*=' "$current")
    switch "$directive"
        case :0
            printf "$prefix%s\\n" (__fish_complete_path (string replace -r -- '^-[^=]*=' '' "$current"))
        case :16
            printf "$prefix%s\\n" (__fish_complete_directories (string replace -r -- '^-[^=]*=' '' "$current"))
        case '*'
            string join \\n -- $out
    end
end
complete -c mvproxy -f -a '(__mvproxy_complete)'
complete -c kubectl-mvproxy -f -a '(__mvproxy_complete)'
`,
  powershell: `# PowerShell completion for mvproxy: mvproxy completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'mvproxy', 'kubectl-mvproxy' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -le $cursorPosition } | ForEach-Object { "$_" })
  $program, $arguments = $words
  $arguments = @($arguments)
  # Before 7.3 an empty argument is lost unless it is quoted once more.
  $empty = if ($PSVersionTable.PSVersion -ge [version]'7.3') { '' } else { '""' }
  if ($wordToComplete -eq '') { $arguments += $empty }
  $lines = @(& $program __complete @arguments 2>$null)
  if ($lines.Count -eq 0) { return }
  if ($lines[-1] -in ':0', ':16') { return }
  $lines | Select-Object -SkipLast 1 | ForEach-Object {
    $value, $description = $_ -split "\`t", 2
    if (-not $description) { $description = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
  }
}
`,
};

/** How each of them is used. */
export const COMPLETION_HELP = `
For this session, and for all of them in the file your shell reads when it starts:
  bash        source <(mvproxy completion bash)
  zsh         source <(mvproxy completion zsh)          (after compinit)
  fish        mvproxy completion fish | source
  powershell  mvproxy completion powershell | Out-String | Invoke-Expression

kubectl 1.26 and later complete "kubectl mvproxy" by themselves: kubectl_complete-mvproxy, which is installed beside
mvproxy, has to be on the PATH.

Exit codes: 0 fine, 2 wrong usage.`;

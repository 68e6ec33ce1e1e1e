using System.Text;

namespace IlqrVae.Cli.Completions;

/// <summary>Scripts that complete command lines in a shell. They hold what there is to complete, since starting the program at every key would take too long.</summary>
internal static class CompletionScript
{
    /// <summary>The shells there are.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish", "powershell"];

    /// <summary>The script of a shell.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="commands">The commands, the program first.</param>
    public static string Of(string shell, IReadOnlyList<CompletionCommand> commands) => shell switch
    {
        "bash" => Bash(commands),
        "zsh" => Zsh(commands),
        "fish" => Fish(commands),
        _ => PowerShell(commands),
    };

    private static string Bash(IReadOnlyList<CompletionCommand> commands)
    {
        var text = new StringBuilder(
            """
            # Completion of ilqr-vae for bash: source this file, or keep it as ~/.local/share/bash-completion/completions/ilqr-vae
            _ilqr_vae() {
                local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" path="" words="" files="" i
                # The shell takes "--option=value" apart at "=".
                if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev="${COMP_WORDS[COMP_CWORD-2]}"; fi
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case "$path/${COMP_WORDS[i]}" in

            """);
        text.Append($"            {string.Join('|', commands.Where(one => one.Path.Length > 0).Select(one => $"\"{one.Path}\""))}) path=\"$path/${{COMP_WORDS[i]}}\" ;;\n        esac\n    done\n");
        text.Append("    case \"$path $prev\" in\n");
        foreach (var (pattern, values) in OptionsWithValues(commands))
        {
            text.Append($"        {string.Join('|', pattern.Select(one => $"\"{one}\""))}) words=\"{string.Join(' ', values.Words)}\" files=\"{(values.IsPath ? "yes" : "no")}\" ;;\n");
        }

        text.Append("        *)\n            case \"$path\" in\n");
        foreach (var command in commands)
        {
            text.Append($"                \"{command.Path}\") if [[ $cur == -* ]]; then words=\"{string.Join(' ', command.Options.SelectMany(option => option.Names))}\"; else words=\"{string.Join(' ', Words(command))}\" files=\"{(command.Argument is { IsPath: true } ? "yes" : "no")}\"; fi ;;\n");
        }

        return text.Append(
            """
                        esac
                        ;;
                esac
                COMPREPLY=()
                if [[ -n $words ]]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"); fi
                if [[ $files == yes ]]; then
                    compopt -o filenames 2>/dev/null
                    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
                elif [[ ${COMPREPLY[0]} == *= ]]; then
                    compopt -o nospace 2>/dev/null
                fi
            }
            complete -F _ilqr_vae ilqr-vae

            """).ToString();
    }

    private static string Zsh(IReadOnlyList<CompletionCommand> commands)
    {
        var text = new StringBuilder(
            """
            #compdef ilqr-vae
            # Completion of ilqr-vae for zsh: keep this file as _ilqr-vae in a folder of $fpath, or source it after compinit.
            _ilqr_vae() {
                local cur="${words[CURRENT]}" prev="${words[CURRENT-1]}" place="" files=no i
                local -a found
                if [[ $cur == --*=* ]]; then prev="${cur%%=*}"; compset -P '*='; cur="${cur#*=}"; fi
                for ((i = 2; i < CURRENT; i++)); do
                    case "$place/${words[i]}" in

            """);
        text.Append($"            {string.Join('|', commands.Where(one => one.Path.Length > 0).Select(one => one.Path))}) place=\"$place/${{words[i]}}\" ;;\n        esac\n    done\n");
        text.Append("    case \"$place $prev\" in\n");
        foreach (var (pattern, values) in OptionsWithValues(commands))
        {
            text.Append($"        {string.Join('|', pattern.Select(one => $"\"{one}\""))}) found=({string.Join(' ', values.Words.Select(Single))}) files={(values.IsPath ? "yes" : "no")} ;;\n");
        }

        text.Append("        *)\n            case \"$place\" in\n");
        foreach (var command in commands)
        {
            text.Append($"                \"{command.Path}\") if [[ $cur == -* ]]; then found=({string.Join(' ', command.Options.SelectMany(option => option.Names))}); else found=({string.Join(' ', Words(command))}) files={(command.Argument is { IsPath: true } ? "yes" : "no")}; fi ;;\n");
        }

        return text.Append(
            """
                        esac
                        ;;
                esac
                if (( ${#found} )); then
                    if [[ ${found[1]} == *= ]]; then compadd -S '' -- "${found[@]}"; else compadd -- "${found[@]}"; fi
                fi
                if [[ $files == yes ]]; then _files; fi
            }
            if (( ${+functions[compdef]} )); then compdef _ilqr_vae ilqr-vae; fi

            """).ToString();
    }

    private static string Fish(IReadOnlyList<CompletionCommand> commands)
    {
        var text = new StringBuilder(
            """
            # Completion of ilqr-vae for fish: keep this file as ~/.config/fish/completions/ilqr-vae.fish
            function __ilqr_vae_at
                set -l place ""
                for word in (commandline -opc)[2..-1]
                    switch "$place/$word"

            """);
        text.Append($"            case {string.Join(' ', commands.Where(one => one.Path.Length > 0).Select(one => Single(one.Path)))}\n                set place \"$place/$word\"\n        end\n    end\n    test \"$place\" = \"$argv[1]\"\nend\ncomplete -c ilqr-vae -f\n");
        foreach (var command in commands)
        {
            var here = $"complete -c ilqr-vae -n '__ilqr_vae_at \"{command.Path}\"'";
            foreach (var (name, description) in command.Commands)
            {
                text.Append($"{here} -a {Single(name)} -d {FishQuoted(description)}\n");
            }

            if (command.Argument is { } argument)
            {
                text.Append(argument.IsPath ? $"{here} -F\n" : $"{here} -a {FishQuoted(string.Join(' ', argument.Words))}\n");
            }

            foreach (var option in command.Options)
            {
                var names = string.Concat(option.Names.Select(name => name.StartsWith("--", StringComparison.Ordinal) ? $" -l {name[2..]}" : $" -s {name[1..]}"));
                var values = option.Values is not { } taken ? "" : taken.IsPath ? " -r -F" : taken.Words.Count > 0 ? $" -x -a {FishQuoted(string.Join(' ', taken.Words))}" : " -x";
                text.Append($"{here}{names}{values} -d {FishQuoted(option.Description)}\n");
            }
        }

        return text.ToString();
    }

    private static string PowerShell(IReadOnlyList<CompletionCommand> commands)
    {
        var text = new StringBuilder(
            """
            # Completion of ilqr-vae for PowerShell: put this line into $PROFILE: ilqr-vae completions powershell | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName ilqr-vae -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                $commands = @{

            """);
        foreach (var command in commands)
        {
            text.Append($"        {Doubled(command.Path)} = @({List(Words(command))})\n");
        }

        text.Append("    }\n    $options = @{\n");
        foreach (var command in commands)
        {
            text.Append($"        {Doubled(command.Path)} = @({List(command.Options.SelectMany(option => option.Names))})\n");
        }

        text.Append("    }\n    $values = @{\n");
        foreach (var (pattern, values) in OptionsWithValues(commands).Where(one => !one.Values.IsPath))
        {
            foreach (var one in pattern)
            {
                text.Append($"        {Doubled(one)} = @({List(values.Words)})\n");
            }
        }

        // An empty answer leaves the shell to complete files.
        return text.Append(
            """
                }
                $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
                $place = ''
                foreach ($word in $words) { if ($options.ContainsKey("$place/$word")) { $place = "$place/$word" } }
                $last = if ($words.Count -gt 0) { $words[-1] } else { '' }
                $found = if ($values.ContainsKey("$place $last")) { $values["$place $last"] } elseif ($wordToComplete -like '-*') { $options[$place] } else { $commands[$place] }
                $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }

            """).ToString();

        static string List(IEnumerable<string> words) => string.Join(", ", words.Select(Doubled));
        static string Doubled(string word) => $"'{word.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    /// <summary>What stands where a command takes its argument or another command.</summary>
    private static IEnumerable<string> Words(CompletionCommand command) => command.Commands.Select(one => one.Name).Concat(command.Argument?.Words ?? []);

    /// <summary>Options that take something, with their names behind the path of their command; those that take the same are together.</summary>
    private static IEnumerable<(IReadOnlyList<string> Pattern, CompletionValues Values)> OptionsWithValues(IReadOnlyList<CompletionCommand> commands)
        => commands.SelectMany(command => command.Options.Where(option => option.Values is not null).SelectMany(option => option.Names.Select(name => (Name: $"{command.Path} {name}", Values: option.Values!))))
            .GroupBy(one => (string.Join(' ', one.Values.Words), one.Values.IsPath)).Select(group => ((IReadOnlyList<string>)[.. group.Select(one => one.Name)], group.First().Values));

    private static string Single(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string FishQuoted(string word) => $"'{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}

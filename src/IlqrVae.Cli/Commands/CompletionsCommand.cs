using System.CommandLine;
using IlqrVae.Cli.Completions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae completions</summary>
internal static class CompletionsCommand
{
    private const string Description =
        """
        Prints a script by which a shell completes commands, options, their values and files.

        Example:
          ilqr-vae completions bash > ~/.local/share/bash-completion/completions/ilqr-vae
          ilqr-vae completions zsh > ~/.zfunc/_ilqr-vae
          ilqr-vae completions fish > ~/.config/fish/completions/ilqr-vae.fish
          ilqr-vae completions powershell | Out-String | Invoke-Expression
        """;

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell.", HelpName = string.Join('|', CompletionScript.Shells) };
        shell.AcceptOnlyFromAmong([.. CompletionScript.Shells]);
        return Arguments.Make("completions", Description, [shell], result =>
        {
            terminal.Write(CompletionScript.Of(result.GetValue(shell)!, CompletionTree.Of((RootCommand)result.RootCommandResult.Command)));
            return ExitCode.Done;
        });
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using IlqrVae.Cli.Commands;
using IlqrVae.Cli.Configuration;

namespace IlqrVae.Cli;

/// <summary>The command line: its commands, and the one place where errors become exit codes.</summary>
internal static class Application
{
    private const string Name = "ilqr-vae";
    private const int DiskFull = 28;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="terminal">Where to write.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments, Terminal terminal)
    {
        var root = Create(terminal);
        if (arguments.Length == 0)
        {
            arguments = ["--help"];
        }

        // Files may be called @something: no response files.
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is null or System.CommandLine.Invocation.ParseErrorAction)
        {
            return Report(terminal, ExitCode.WrongInput, Explain(parsed));
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (InputException exception)
        {
            return Report(terminal, ExitCode.WrongInput, exception.Message);
        }
        catch (FailedRunException exception)
        {
            return Report(terminal, ExitCode.Failed, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return Report(terminal, ExitCode.Interrupted, "interrupted; nothing was written.");
        }
        catch (IOException exception) when (exception.HResult is DiskFull or DiskFullOnWindows || exception.Message.StartsWith("No space left", StringComparison.Ordinal))
        {
            return Report(terminal, ExitCode.Failed, $"the disk is full ({exception.Message}); free some space. What was complete before is intact.");
        }
        catch (IOException exception)
        {
            return Report(terminal, ExitCode.Failed, $"reading or writing failed: {exception.Message}");
        }
        catch (UnauthorizedAccessException exception)
        {
            return Report(terminal, ExitCode.WrongInput, $"{exception.Message} Choose another file or folder, or change its permissions.");
        }
        catch (OutOfMemoryException)
        {
            return Report(terminal, ExitCode.Failed, "out of memory; use fewer --threads, smaller batches, or cut long trials into chunks.");
        }
        catch (Exception exception)
        {
            return Report(terminal, ExitCode.Failed, $"unexpected error: {exception.Message}{SaveDetails(arguments, exception)}");
        }
    }

    /// <summary>Makes the commands.</summary>
    /// <param name="terminal">Where they write.</param>
    internal static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand(
            """
            Learns latent dynamical systems, and the inputs that drive them, from neural and behavioural recordings (iLQR-VAE).

            Start here:
              ilqr-vae demo                               the whole thing on simulated data, in under two minutes
              ilqr-vae import session.mat -o data.h5      your own data
              ilqr-vae train lorenz.yaml -o run           learn a model
              ilqr-vae infer run --data data.h5 -o posterior.h5

            Exit codes: 0 done, 1 failed while running, 2 wrong input, 130 stopped by Ctrl-C.
            """);
        root.Subcommands.Add(DemoCommand.Create(terminal));
        root.Subcommands.Add(SimulateCommand.Create(terminal));
        root.Subcommands.Add(ImportCommand.Create(terminal));
        root.Subcommands.Add(InspectCommand.Create(terminal));
        root.Subcommands.Add(TrainCommand.Create(terminal));
        root.Subcommands.Add(InferCommand.Create(terminal));
        root.Subcommands.Add(EvaluateCommand.Create(terminal));
        return root;
    }

    private static string Explain(ParseResult parsed)
    {
        var path = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is CommandResult { Command: not RootCommand } command)
            {
                path.Insert(0, command.Command.Name);
            }
        }

        var name = string.Join(' ', path.Prepend(Name));
        var message = parsed.Errors[0].Message.TrimEnd('.');
        var words = parsed.CommandResult.Command.Options.Select(option => option.Name)
            .Concat(parsed.CommandResult.Command.Subcommands.Select(command => command.Name));
        var guess = parsed.UnmatchedTokens.Count > 0 ? ConfigurationFile.Closest(parsed.UnmatchedTokens[0], words) : null;
        return $"{name}: {message}{(guess is null ? "" : $"; did you mean '{guess}'?")} (see '{name} --help')";
    }

    private static int Report(Terminal terminal, int code, string message)
    {
        terminal.Remark(new string([.. message.Select(character => char.IsControl(character) ? ' ' : character)]));
        return code;
    }

    private static string SaveDetails(string[] arguments, Exception exception)
    {
        var path = Path.Combine(Path.GetTempPath(), $"ilqr-vae-error-{Environment.ProcessId}.txt");
        try
        {
            File.WriteAllText(path, $"{Name} {string.Join(' ', arguments)}\n{DateTime.UtcNow:u}\n{exception}\n");
            return $" (details in {path})";
        }
        catch (IOException)
        {
            return "";
        }
        catch (UnauthorizedAccessException)
        {
            return "";
        }
    }
}

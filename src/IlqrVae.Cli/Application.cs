using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using IlqrVae.Cli.Commands;
using IlqrVae.Cli.Completions;
using IlqrVae.Data;

namespace IlqrVae.Cli;

/// <summary>The command line: its commands, and the one place where errors become exit codes.</summary>
internal static partial class Application
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
        try
        {
            return Execute(arguments, terminal);
        }
        finally
        {
            terminal.End();
        }
    }

    private static int Execute(string[] arguments, Terminal terminal)
    {
        var root = Create(terminal);
        if (arguments.Length == 0)
        {
            arguments = ["--help"];
        }

        var parsed = Parse(root, arguments);
        var asksForHelp = parsed.Action is System.CommandLine.Help.HelpAction;
        if (Fault(arguments, parsed) is { } fault)
        {
            return Report(terminal, ExitCode.WrongInput, fault);
        }

        if (parsed.CommandResult.Command == root)
        {
            // In the overview each command has one line.
            foreach (var command in root.Subcommands)
            {
                command.Description = command.Description!.Split('\n')[0].TrimEnd();
            }
        }

        terminal.Command = string.Join(' ', Parents(parsed.CommandResult));
        terminal.Loudness = parsed.GetValue(Arguments.Quiet) ? Loudness.Quiet : parsed.GetValue(Arguments.Verbose) ? Loudness.Verbose : Loudness.Usual;
        if (parsed.GetValue(Arguments.Quiet) && parsed.GetValue(Arguments.Verbose))
        {
            return Report(terminal, ExitCode.WrongInput, "--quiet and --verbose contradict each other; give one of them.");
        }

        try
        {
            if (!asksForHelp && parsed.CommandResult.Command != root)
            {
                MpiJob.Require(terminal);
            }

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
            return Report(terminal, ExitCode.Failed, $"the disk is full ({FinalName(exception.Message)}); free some space. What was complete before is intact.");
        }
        catch (IOException exception) when (AtomicFile.IsReadOnly(exception))
        {
            return Report(terminal, ExitCode.WrongInput, $"{FinalName(exception.Message)}: nothing can be written there; choose another folder, or copy what is in it.");
        }
        catch (IOException exception)
        {
            return Report(terminal, ExitCode.Failed, $"reading or writing failed: {FinalName(exception.Message)}");
        }
        catch (UnauthorizedAccessException exception)
        {
            return Report(terminal, ExitCode.WrongInput, $"{exception.Message} Choose another file or folder, or change its permissions.");
        }
        catch (Exception exception) when (exception.GetBaseException() is OutOfMemoryException)
        {
            return Report(terminal, ExitCode.Failed, "out of memory; use fewer --threads, smaller batches, or cut long trials into chunks.");
        }
        catch (Exception exception)
        {
            return Report(terminal, ExitCode.Failed, $"unexpected error: {exception.Message}{SaveDetails(arguments, exception)}");
        }
    }

    /// <summary>What is wrong with a command line by itself, before anything that it names is looked at; null for nothing.</summary>
    /// <param name="arguments">The arguments.</param>
    internal static string? Fault(params string[] arguments)
    {
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, Screen.Plain, CancellationToken.None);
        return Fault(arguments, Parse(Create(terminal), arguments));
    }

    private static string? Fault(string[] arguments, ParseResult parsed)
        => parsed.Action is not System.CommandLine.Help.HelpAction && (parsed.Errors.Count > 0 || FindUnknown(arguments, parsed) is not null) ? Explain(arguments, parsed) : null;

    /// <summary>Files may be called @something: no response files.</summary>
    private static ParseResult Parse(RootCommand root, string[] arguments) => root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });

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
              ilqr-vae fit data.h5 -o run                 find and learn a model of it
              ilqr-vae infer run --data data.h5 -o posterior.h5

            Exit codes: 0 done, 1 failed while running, 2 wrong input, 130 stopped by Ctrl-C.
            """);
        root.Subcommands.Add(DemoCommand.Create(terminal));
        root.Subcommands.Add(SimulateCommand.Create(terminal));
        root.Subcommands.Add(ImportCommand.Create(terminal));
        root.Subcommands.Add(JoinCommand.Create(terminal));
        root.Subcommands.Add(InspectCommand.Create(terminal));
        root.Subcommands.Add(FitCommand.Create(terminal));
        root.Subcommands.Add(SweepCommand.Create(terminal));
        root.Subcommands.Add(TrainCommand.Create(terminal));
        root.Subcommands.Add(ConfigCommand.Create(terminal));
        root.Subcommands.Add(InferCommand.Create(terminal));
        root.Subcommands.Add(ExportCommand.Create(terminal));
        root.Subcommands.Add(EvaluateCommand.Create(terminal));
        root.Subcommands.Add(CompareCommand.Create(terminal));
        root.Subcommands.Add(ReportCommand.Create(terminal));
        root.Subcommands.Add(PlotCommand.Create(terminal));
        root.Subcommands.Add(CalibrateCommand.Create(terminal));
        root.Subcommands.Add(NlbCommand.Create(terminal));
        root.Subcommands.Add(BenchCommand.Create(terminal));
        root.Subcommands.Add(SelfTestCommand.Create(terminal));
        root.Subcommands.Add(CompletionsCommand.Create(terminal));
        root.Options.OfType<VersionOption>().Single().Action = new VersionText(terminal);
        root.Options.Add(Arguments.Quiet);
        root.Options.Add(Arguments.Verbose);
        return root;
    }

    /// <summary>The first option that the command does not have; a parser would take it for the value of something.</summary>
    private static string? FindUnknown(string[] arguments, ParseResult parsed)
    {
        var known = parsed.CommandResult.Command.Options.Concat(parsed.RootCommandResult.Command.Options).SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet(StringComparer.Ordinal);
        return arguments.TakeWhile(argument => argument != "--")
            .FirstOrDefault(argument => argument.Length > 1 && argument[0] == '-' && !char.IsDigit(argument[1]) && argument[1] != '.' && !known.Contains(argument.Split('=', ':')[0])
                && !(argument[1] != '-' && known.Contains(argument[..2])));
    }

    private static string Explain(string[] arguments, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var isRoot = command is RootCommand;
        var name = $"{Name}{string.Concat(Parents(parsed.CommandResult).Select(parent => $" {parent}"))}";
        var see = $"(see '{name} --help')";
        var commands = command.Subcommands.Select(one => one.Name).ToList();
        var word = isRoot ? arguments[0] : parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : "";
        if (commands.Count > 0 && (isRoot ? word.Length > 0 && word[0] != '-' : FindUnknown(arguments, parsed) is null))
        {
            return word.Length == 0
                ? $"{name}: a command is missing; use one of {string.Join(", ", commands)} {see}"
                : $"{name}: there is no command '{word}'; {DidYouMean(word, commands)}use one of {string.Join(", ", commands)} {see}";
        }

        if (FindUnknown(arguments, parsed) is { } unknown)
        {
            return $"{name}: there is no option '{unknown}'; {DidYouMean(unknown.Split('=')[0], command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(option => option.Recursive)).Select(option => option.Name))}leave it out {see}";
        }

        var error = parsed.Errors.Count > 0 ? parsed.Errors[0] : null;
        var message = error?.SymbolResult switch
        {
            ArgumentResult { Argument: var argument } unknownWord when error.Message.Contains("Must be one of", StringComparison.Ordinal) => NotAmong(argument.Name, argument, unknownWord.Tokens),
            OptionResult { Option: var option } unknownWord when error.Message.Contains("Must be one of", StringComparison.Ordinal) => NotAmong(option.Name, option, unknownWord.Tokens),
            OptionResult { Option: var option } when error.Message.StartsWith("Cannot parse", StringComparison.Ordinal)
                => $"{option.Name}: '{string.Join(' ', ((OptionResult)error.SymbolResult).Tokens.Select(token => token.Value))}' is not true or false",
            ArgumentResult { Argument: var argument } when error.Message.StartsWith("Required argument", StringComparison.Ordinal)
                => $"{argument.Name} is missing; give {LowerFirst(argument.Description ?? "it")}",
            _ when parsed.UnmatchedTokens.Count > 0 => $"'{parsed.UnmatchedTokens[0]}' is one argument too many; leave it out",
            _ => error?.Message.TrimEnd('.') ?? "the arguments do not fit",
        };
        return $"{name}: {message} {see}";
    }

    private static string NotAmong(string name, Symbol symbol, IEnumerable<Token> tokens)
    {
        var words = CompletionTree.WordsOf(symbol);
        var wrong = tokens.Select(token => token.Value).FirstOrDefault(word => !words.Contains(word, StringComparer.Ordinal)) ?? "";
        return $"{name}: '{wrong}' is not known; {DidYouMean(wrong, words)}give one of {string.Join(", ", words)}";
    }

    /// <summary>The names of a command and of those it belongs to, outermost first, without the program's.</summary>
    private static IEnumerable<string> Parents(CommandResult result)
        => result.Command is RootCommand ? [] : [.. result.Parent is CommandResult parent ? Parents(parent) : [], result.Command.Name];

    private static string DidYouMean(string word, IEnumerable<string> words)
        => Spelling.Closest(word, words) is { } closest ? $"did you mean '{closest}'? Else " : "";

    private static string LowerFirst(string text) => char.ToLowerInvariant(text[0]) + text[1..].TrimEnd('.');

    /// <summary>The name of the file that was being written in place of that of its unfinished copy.</summary>
    private static string FinalName(string message) => UnfinishedPattern().Replace(message, "${name}");

    [GeneratedRegex(@"\.(?<name>[^/\\]+)\.[0-9a-f]{32}\.tmp", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UnfinishedPattern();

    private static int Report(Terminal terminal, int code, string message)
    {
        terminal.Fail(new string([.. message.Select(character => char.IsControl(character) ? ' ' : character)]));
        return code;
    }

    private static string SaveDetails(string[] arguments, Exception exception)
    {
        // Others may write to the folder of temporary files: a name they could guess, or a link they put there, would let them choose what is written over.
        var path = Path.Combine(Path.GetTempPath(), $"ilqr-vae-error-{Guid.NewGuid():N}.txt");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var writer = new StreamWriter(path, options);
            writer.Write($"{Name} {string.Join(' ', arguments)}\n{DateTime.UtcNow:u}\n{exception}\n");
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

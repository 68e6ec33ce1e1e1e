using System.CommandLine;
using System.Globalization;
using IlqrVae.Data;
using IlqrVae.Data.Export;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>Options that several commands have, and how options are made.</summary>
internal static class Arguments
{
    /// <summary>Of every command.</summary>
    public static Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Write nothing to standard error but errors.", Recursive = true };

    /// <summary>Of every command.</summary>
    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Tell details on standard error: settings as they are resolved, and what solves took.", Recursive = true };

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object on standard output and nothing else there." };

    public static Option<string> Output(string description, bool isRequired)
        => new("--output", "-o") { Description = description, Required = isRequired, HelpName = "PATH" };

    public static Option<string> Data() => Data("The dataset file to analyse.", isRequired: true);

    public static Option<string> Data(string description, bool isRequired) => new("--data") { Description = description, Required = isRequired, HelpName = "data.h5" };

    public static Option<string[]> Set() => new("--set")
    {
        Description = "A key of the configuration and its value; overrides the file and may be given several times. Entries of lists are named by number or group: 'model.likelihoods[velocity].kind=gaussian'.",
        HelpName = "KEY=VALUE",
    };

    public static Option<int?> Threads() => Number<int?>("--threads", "Worker threads; 0 means one a core. Results do not depend on it.", "N");

    public static Option<int?> Parallel(string description) => Number<int?>("--parallel", description, "N");

    /// <summary>The trainings at a time that were asked for; null where none were.</summary>
    /// <exception cref="InputException">So many are not possible.</exception>
    public static int? Given(ParseResult result, Option<int?> parallel)
        => result.GetValue(parallel) is < 1 or > 1024 ? throw new InputException("--parallel: give a whole number from 1 to 1024.") : result.GetValue(parallel);

    public static Option<ulong?> Seed(string description) => Number<ulong?>("--seed", description, "N");

    public static Option<bool> Force(string description) => new("--force") { Description = description };

    public static Option<string[]> Hide() => new("--hide")
    {
        Description = "Channel groups to treat as missing and predict from the others, such as behaviour.",
        HelpName = "GROUP",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>Names given one by one or separated by commas, each once.</summary>
    public static HashSet<string> Names(string[]? given) => NamesInOrder(given).ToHashSet(StringComparer.Ordinal);

    /// <summary>The same in the order in which they are given.</summary>
    public static IReadOnlyList<string> NamesInOrder(string[]? given)
        => [.. (given ?? []).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    public static Option<string[]> Gap() => new("--gap")
    {
        Description = "Bins to treat as missing and predict from what is seen, the first and the one after the last, counted from 0; of one group, or of some of its channels.",
        HelpName = "GROUP[0-9]:40:60",
    };

    /// <summary>Reads gaps, each [GROUP[CHANNELS]:]FIRST:END.</summary>
    /// <exception cref="InputException">One is no such thing.</exception>
    public static IReadOnlyList<Gap> Gaps(string[]? given) => [.. (given ?? []).Select(GapOf)];

    private static Gap GapOf(string text)
    {
        // Names of groups may hold colons and brackets: bins and channels are read from the end.
        var parts = text.Split(':');
        if (parts.Length < 2 || WholeOf(parts[^2]) is not { } first || WholeOf(parts[^1]) is not { } end || (parts.Length > 2 && parts[0].Length == 0))
        {
            throw new InputException($"--gap: '{text}' is no gap; write it as 40:60, GROUP:40:60 or 'GROUP[0-9]:40:60'.");
        }

        if (end <= first)
        {
            throw new InputException($"--gap: '{text}' ends before it starts; of 40:60 the first bin is 40 and the last 59.");
        }

        if (parts.Length == 2)
        {
            return new Gap(first, end);
        }

        var name = string.Join(':', parts[..^2]);
        var bracket = name.EndsWith(']') ? name.LastIndexOf('[') : -1;
        return bracket < 0
            ? new Gap(first, end) { Group = name }
            : new Gap(first, end) { Group = name[..bracket], Channels = [.. name[(bracket + 1)..^1].Split(',').Select(range => ChannelsOf(text, range))] };
    }

    private static (int First, int Last) ChannelsOf(string text, string range)
    {
        var ends = range.Split('-');
        return ends.Length <= 2 && WholeOf(ends[0]) is { } first && WholeOf(ends[^1]) is { } last && first <= last
            ? (first, last)
            : throw new InputException($"--gap: '{range}' in '{text}' are no channels; write them as [0-9], [3] or [0-9,12].");
    }

    private static int? WholeOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static Option<bool> Uncalibrated() => new("--uncalibrated") { Description = "Leave out what 'calibrate' learned about the run's intervals." };

    public static Option<bool> ByPosition() => new("--by-position")
    {
        Description = "Take channels and external inputs in the order of the file, whatever their names and units; by default they are matched by name.",
    };

    public static Option<string?> Format()
    {
        var option = new Option<string?>("--format") { Description = "The format, where the extension does not tell.", HelpName = string.Join('|', ExportFile.Words) };
        option.AcceptOnlyFromAmong([.. ExportFile.Words]);
        return option;
    }

    public static Option<string?> Phase(string description)
    {
        var option = new Option<string?>("--phase") { Description = description, HelpName = "val|test" };
        option.AcceptOnlyFromAmong("val", "validation", "test");
        return option;
    }

    /// <summary>Whether the phase given is that of the test trials.</summary>
    public static bool IsTest(string? phase) => string.Equals(phase, "test", StringComparison.Ordinal);

    public static Option<string?> Split(string description)
    {
        var option = new Option<string?>("--split") { Description = description, HelpName = "train|validation|test|all" };
        option.AcceptOnlyFromAmong("train", "validation", "test", "all");
        return option;
    }

    /// <summary>An option that takes a number, as <see cref="Numbers"/> reads it.</summary>
    public static Option<T> Number<T>(string name, string description, string helpName)
        => new(name) { Description = description, HelpName = helpName, CustomParser = result => Numbers.Parse<T>(name, result) };

    /// <summary>Reads a list of whole numbers, separated by commas.</summary>
    /// <param name="name">The option, for messages.</param>
    /// <param name="text">The list; null for none.</param>
    /// <param name="least">The least number allowed.</param>
    /// <exception cref="InputException">It is no such list.</exception>
    public static IReadOnlyList<int> WholeNumbers(string name, string? text, int least)
    {
        if (text is null)
        {
            return [];
        }

        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var numbers = new List<int>();
        foreach (var part in parts)
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < least)
            {
                throw new InputException($"{name}: '{text}' is not a list of whole numbers from {least}; write it as 30,50.");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    /// <summary>Refuses, before any work is done, to write where nothing can be written or over what is there.</summary>
    /// <param name="output">The file to write.</param>
    /// <param name="isForced">Whether the user wants a file of that name replaced. A run's own files are never replaced: the run would be lost.</param>
    /// <exception cref="InputException">There is no such folder, or such a file already.</exception>
    public static void RequireFree(string output, bool isForced)
    {
        var path = Resolved(output);
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new InputException($"{output}: its folder does not exist; make the folder first.");
        }

        if (RunFolder.Owns(path))
        {
            throw new InputException($"{output}: this belongs to the run in its folder; give the output another name.");
        }

        if (File.Exists(path) && !isForced)
        {
            throw new InputException($"{output}: this file exists already; give the output another name, or replace the file with --force.");
        }

        AtomicFile.RequirePlace(output);
    }

    /// <summary>Refuses to write over a file that is read.</summary>
    /// <param name="output">The file to write.</param>
    /// <param name="input">A file that is read.</param>
    /// <param name="what">What the input is.</param>
    /// <exception cref="InputException">They are the same file.</exception>
    public static void RequireOther(string output, string input, string what)
    {
        if (Resolved(output) == Resolved(input))
        {
            throw new InputException($"{output}: this is {what} itself; give the output another name.");
        }
    }

    private static string Resolved(string path)
        => path.Length > 0 && new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path : Path.GetFullPath(path.Length > 0 ? path : ".");

    /// <summary>Checks that a recording has a group of values.</summary>
    /// <param name="option">The option that names it, for messages.</param>
    /// <param name="name">The group.</param>
    /// <param name="example">What such a group may be.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="where">Its file.</param>
    /// <exception cref="InputException">The recording has no such group, or it holds counts.</exception>
    public static void RequireValues(string option, string name, string example, Recording recording, string where)
    {
        var g = recording.IndexOfGroup(name);
        if (g < 0)
        {
            throw new InputException($"{option}: {where} has no channel group '{name}'; {Spelling.DidYouMean(name, recording.Groups.Select(group => group.Name))}it has {string.Join(", ", recording.Groups.Select(group => $"'{group.Name}'"))}.");
        }

        if (recording.Groups[g].Kind != ChannelKind.Values)
        {
            throw new InputException($"{option}: group '{name}' holds counts; name a group of values, such as {example}.");
        }
    }

    /// <summary>Puts arguments, options and what to do together.</summary>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">What it does, with an example.</param>
    /// <param name="symbols">Arguments and options, in the order of the help.</param>
    /// <param name="run">What to do.</param>
    public static Command Make(string name, string description, IEnumerable<Symbol> symbols, Func<ParseResult, int> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        command.SetAction(run);
        return command;
    }
}

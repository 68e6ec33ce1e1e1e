using System.CommandLine;
using System.CommandLine.Completions;
using IlqrVae.Runs.Configuration;

namespace IlqrVae.Cli.Completions;

/// <summary>What may stand somewhere on a command line.</summary>
/// <param name="Words">The words there are; none where there are too many, or nobody knows them.</param>
/// <param name="IsPath">Whether it is the path of a file or folder.</param>
internal sealed record CompletionValues(IReadOnlyList<string> Words, bool IsPath);

/// <summary>An option as shells complete it.</summary>
/// <param name="Names">Its name and aliases.</param>
/// <param name="Description">What it is, in one line.</param>
/// <param name="Values">What it takes; null for a flag.</param>
internal sealed record CompletionOption(IReadOnlyList<string> Names, string Description, CompletionValues? Values);

/// <summary>A command as shells complete it.</summary>
/// <param name="Path">Its name behind those it belongs to, each after a slash; empty for the program.</param>
/// <param name="Commands">The commands it has, with what they do.</param>
/// <param name="Options">Its options.</param>
/// <param name="Argument">What it takes; null for nothing.</param>
internal sealed record CompletionCommand(string Path, IReadOnlyList<(string Name, string Description)> Commands, IReadOnlyList<CompletionOption> Options, CompletionValues? Argument);

/// <summary>The commands, options and values of the program, for scripts that complete them.</summary>
internal static class CompletionTree
{
    private static readonly HashSet<string> Paths = new(["PATH", "FILE", "FOLDER", "RUN", "TABLE.h5", "data.h5", "target.h5", "config.yaml", "posterior.h5"], StringComparer.Ordinal);

    /// <summary>Every command, the program first.</summary>
    public static IReadOnlyList<CompletionCommand> Of(RootCommand root) => [.. Below(root, "", root)];

    private static IEnumerable<CompletionCommand> Below(Command command, string path, RootCommand root)
    {
        var argument = command.Arguments.FirstOrDefault();
        var words = argument is null ? [] : WordsOf(argument);
        yield return new CompletionCommand(
            path,
            [.. command.Subcommands.Select(one => (one.Name, OneLine(one.Description)))],
            [.. command.Options.Concat(command == root ? [] : root.Options.Where(option => option.Recursive)).Where(option => !option.Hidden).DistinctBy(option => option.Name, StringComparer.Ordinal).Select(OfOption)],
            argument is null ? null : new CompletionValues(words, words.Count == 0));
        foreach (var one in command.Subcommands.SelectMany(one => Below(one, $"{path}/{one.Name}", root)))
        {
            yield return one;
        }
    }

    private static CompletionOption OfOption(Option option)
    {
        var isFlag = option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(void);
        var words = isFlag ? [] : option.Name == "--set" ? Keys() : WordsOf(option);

        // "/?" and "-?" are ways to ask for help that nobody completes.
        string[] names = [.. option.Aliases.Append(option.Name).Where(name => name.StartsWith('-') && name != "-?").OrderByDescending(name => name.Length)];
        return new CompletionOption(names, OneLine(option.Description), isFlag ? null : new CompletionValues(words, Paths.Contains(option.HelpName ?? "")));
    }

    /// <summary>The words that a symbol takes; none where it takes any.</summary>
    public static List<string> WordsOf(Symbol symbol)
        => [.. symbol.GetCompletions(CompletionContext.Empty).Select(item => item.InsertText ?? item.Label).Where(word => word.Length > 0 && char.IsLetterOrDigit(word[0]))];

    /// <summary>Keys of configurations, as --set takes them.</summary>
    private static List<string> Keys() =>
    [
        .. ConfigurationFile.Values(new RunConfiguration()).Select(one => $"{one.Path}="),
    ];

    private static string OneLine(string? text) => (text ?? "").Split('\n')[0].Trim();
}

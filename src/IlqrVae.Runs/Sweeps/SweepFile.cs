using System.Globalization;
using IlqrVae.Data;
using IlqrVae.Models.Kinds;
using IlqrVae.Runs.Configuration;
using YamlDotNet.RepresentationModel;

namespace IlqrVae.Runs.Sweeps;

/// <summary>Reads what a sweep is to try, strictly: unknown keys and impossible values are refused with their line.</summary>
public static class SweepFile
{
    private const long LargestBytes = 1 << 20;
    private const int MostSeeds = 1000;
    private const int MostRungs = 12;
    private const int MostHalving = 100;
    private static readonly string[] Keys = ["config", "search", "points", "seeds", "halve-by", "rungs", "keys"];
    private static readonly (string Word, SweepSearch Search)[] Searches = [("grid", SweepSearch.Grid), ("random", SweepSearch.Random), ("halving", SweepSearch.Halving)];

    /// <summary>What is no setting of a model or of learning, and why.</summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["data"] = "scores on different recordings cannot be compared; make a sweep of each",
        ["training.threads"] = "results do not depend on it; say --threads and --parallel on the command line",
        ["training.checkpoint-interval"] = "results do not depend on it",
    };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; the path of the configuration in it is relative to it.</param>
    /// <exception cref="InputException">It is missing or faulty.</exception>
    public static SweepPlan Read(string path)
    {
        var plan = Parse(InputFile.ReadText(path, LargestBytes, "a sweep"), path);
        return plan with { Configuration = Path.Combine(Path.GetDirectoryName(path) ?? "", plan.Configuration) };
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="where">What to call it in messages.</param>
    /// <exception cref="InputException">It is faulty.</exception>
    public static SweepPlan Parse(string text, string where)
    {
        var (root, reading) = ConfigurationFile.Load(text, where, "write at least 'config:' and 'keys:'");
        RequireKeys(root, Keys, "a sweep", reading);
        var configuration = Text(root, "config", reading) ?? throw new InputException($"{where}: the key 'config' is missing; name the configuration that every training begins with, as 'config: config.yaml'.");
        var keys = ReadKeys(root, where, reading);
        var isListed = keys.TrueForAll(key => key is ListedKey);
        var points = Whole(root, "points", 1, SweepPlan.MostPoints, reading);
        var search = Text(root, "search", reading) is { } name
            ? Array.Find(Searches, one => one.Word == name) is { Word: not null } found ? found.Search
                : throw new InputException($"{reading.At(Node(root, "search")!)}: 'search' is '{ConfigurationFile.OneLine(name)}'; {Spelling.DidYouMean(name, Searches.Select(one => one.Word))}give {Setting.Words(Searches.Select(one => one.Word))}.")
            : points is null && isListed ? SweepSearch.Grid : SweepSearch.Random;
        if (search == SweepSearch.Grid && keys.OfType<RangedKey>().FirstOrDefault() is { } ranged)
        {
            throw new InputException($"{where}: 'keys.{ranged.Path}' is a range, of which a grid has no end; list its values, or say 'search: random' and how many 'points'.");
        }

        if (search == SweepSearch.Grid && points is not null)
        {
            throw new InputException($"{reading.At(Node(root, "points")!)}: a grid has all its points; leave out 'points', or say 'search: random'.");
        }

        foreach (var key in search == SweepSearch.Halving ? [] : (string[])["halve-by", "rungs"])
        {
            if (Node(root, key) is { } node)
            {
                throw new InputException($"{reading.At(node)}: '{key}' is of 'search: halving'; leave it out, or say so.");
            }
        }

        if (search == SweepSearch.Halving && keys.Find(key => key.Path == "training.iterations") is not null)
        {
            throw new InputException($"{where}: 'keys.training.iterations' cannot vary where trainings of one length are compared; leave it out, or say 'search: random'.");
        }

        var seeds = Whole(root, "seeds", 1, MostSeeds, reading) ?? 1;
        if (seeds > 1 && keys.Exists(key => key.Path == "seed"))
        {
            throw new InputException($"{where}: 'keys.seed' cannot vary where every point has {seeds} seeds; leave it out, or leave out 'seeds' to choose among seeds.");
        }

        var combinations = keys.OfType<ListedKey>().Aggregate(1.0, (product, key) => product * key.Values.Count);
        var isWhole = search == SweepSearch.Grid || (search == SweepSearch.Halving && points is null && isListed);
        var count = isWhole
            ? combinations <= SweepPlan.MostPoints ? (int)combinations : throw new InputException($"{where}: there are {combinations:0} combinations, more than {SweepPlan.MostPoints}; list fewer values, or say how many 'points' of a random search or a halving.")
            : points ?? throw new InputException($"{where}: the key 'points' is missing; say how many combinations of settings to try, as 'points: 20'.");
        return new SweepPlan
        {
            Configuration = configuration,
            Search = search,
            Keys = keys,
            Count = count,
            HasAllCombinations = isWhole,
            Seeds = seeds,
            HalveBy = Whole(root, "halve-by", 2, MostHalving, reading) ?? 3,
            HalvingRungs = Whole(root, "rungs", 2, MostRungs, reading) ?? 3,
        };
    }

    private static List<SweepKey> ReadKeys(YamlMappingNode root, string where, Reading reading)
    {
        if (Node(root, "keys") is not YamlMappingNode { Children.Count: > 0 } mapping)
        {
            throw new InputException($"{where}: there are no 'keys'; say what varies, as 'keys: {{model.states: [10, 20, 40]}}'.");
        }

        var keys = new List<SweepKey>();
        foreach (var (node, value) in mapping.Children)
        {
            var path = node is YamlScalarNode { Value: { Length: > 0 } word } ? word : throw new InputException($"{reading.At(node)}: a key is a single word with points, as model.states.");
            if (Refused.TryGetValue(path, out var why))
            {
                throw new InputException($"{reading.At(node)}: '{path}' cannot vary in a sweep: {why}.");
            }

            keys.Add(value switch
            {
                YamlSequenceNode { Children.Count: > 0 } list => new ListedKey(path, [.. list.Children.Select(one => Written(one))]),
                YamlMappingNode range => Range(path, range, reading),
                _ => throw new InputException($"{reading.At(value)}: give the values of '{path}' as a list, as [10, 20, 40], or as a range, as {{from: 0.001, to: 0.1, scale: log}}."),
            });
        }

        return keys;
    }

    private static RangedKey Range(string path, YamlMappingNode range, Reading reading)
    {
        RequireKeys(range, ["from", "to", "scale", "whole"], "a range", reading);
        var (from, to) = (Number("from"), Number("to"));
        var isLogarithmic = Word("scale", "linear", "log");
        var isWhole = Word("whole", "false", "true");
        if (!(from < to))
        {
            throw new InputException($"{reading.At(range)}: the range of '{path}' ends at {to} and begins at {from}; give a larger end.");
        }

        if (isLogarithmic && from <= 0)
        {
            throw new InputException($"{reading.At(range)}: the range of '{path}' begins at {from}, where no logarithm begins; give a number above 0, or leave out 'scale: log'.");
        }

        if (isWhole && (from != Math.Round(from) || to != Math.Round(to)))
        {
            throw new InputException($"{reading.At(range)}: the ends of the range of '{path}' are to be whole numbers; leave out 'whole', or correct them.");
        }

        return new RangedKey(path, from, to, isLogarithmic, isWhole);

        double Number(string key) => double.TryParse(Text(range, key, reading), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw new InputException($"{reading.At(range)}: '{key}' of the range of '{path}' is no number; write it as {{from: 0.001, to: 0.1, scale: log}}.");

        bool Word(string key, string no, string yes) => Text(range, key, reading) is { } word && (word == yes || (word == no ? false
            : throw new InputException($"{reading.At(range)}: '{key}' of the range of '{path}' is '{ConfigurationFile.OneLine(word)}'; give {no} or {yes}.")));
    }

    private static void RequireKeys(YamlMappingNode mapping, string[] keys, string what, Reading reading)
    {
        foreach (var (node, _) in mapping.Children)
        {
            if (node is not YamlScalarNode { Value: { } key } || !keys.Contains(key, StringComparer.Ordinal))
            {
                var word = (node as YamlScalarNode)?.Value ?? "";
                throw new InputException($"{reading.At(node)}: there is no key '{ConfigurationFile.OneLine(word)}' in {what}; {Spelling.DidYouMean(word, keys)}the keys are {string.Join(", ", keys)}.");
            }
        }
    }

    private static YamlNode? Node(YamlMappingNode mapping, string key) => mapping.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode { Value: { } word } && word == key).Value;

    private static string? Text(YamlMappingNode mapping, string key, Reading reading) => Node(mapping, key) switch
    {
        null => null,
        YamlScalarNode { Value: { Length: > 0 } text } => text,
        var node => throw new InputException($"{reading.At(node)}: '{key}' has no single value."),
    };

    private static int? Whole(YamlMappingNode mapping, string key, int least, int most, Reading reading) => Text(mapping, key, reading) is not { } text
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new InputException($"{reading.At(Node(mapping, key)!)}: '{key}' is '{ConfigurationFile.OneLine(text)}'; give a whole number from {least} to {most}.");

    /// <summary>A value as it is written in a configuration: lists and sections in one line.</summary>
    private static string Written(YamlNode node) => node switch
    {
        YamlScalarNode scalar => scalar.Value ?? "",
        YamlSequenceNode list => $"[{string.Join(", ", list.Children.Select(Nested))}]",
        YamlMappingNode mapping => $"{{{string.Join(", ", mapping.Children.Select(pair => $"{Nested(pair.Key)}: {Nested(pair.Value)}"))}}}",
        _ => "",
    };

    private static string Nested(YamlNode node) => node is YamlScalarNode scalar ? $"'{(scalar.Value ?? "").Replace("'", "''", StringComparison.Ordinal)}'" : Written(node);
}

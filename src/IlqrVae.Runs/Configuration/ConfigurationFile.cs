using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace IlqrVae.Runs.Configuration;

/// <summary>Reads and writes configurations as YAML, strictly: every unknown key and impossible value is refused with its file and line.</summary>
public static class ConfigurationFile
{
    private const long LargestBytes = 1 << 20;
    private const string LikelihoodsPath = "model.likelihoods";

    /// <summary>Reads a file. The path of the data is then relative to the current folder, or absolute.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It is missing or faulty.</exception>
    public static RunConfiguration Read(string path)
    {
        var configuration = Parse(ReadText(path), path);
        var folder = Path.GetDirectoryName(path) ?? "";
        return configuration with { Data = Path.Combine(folder, configuration.Data) };
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="where">What to call it in messages.</param>
    /// <exception cref="InputException">It is faulty.</exception>
    public static RunConfiguration Parse(string text, string where)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            throw new InputException(
                $"{where}, line {exception.Start.Line}: this is not valid YAML ({OneLine(exception.Message)}); check indentation, colons and repeated keys.", exception);
        }

        if (stream.Documents.Count != 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            throw new InputException($"{where}: there are no keys; write at least 'data: FILE.h5'.");
        }

        var configuration = ReadSection(new RunConfiguration(), root, "", where);
        return configuration.Data.Length > 0
            ? configuration
            : throw new InputException($"{where}: the key 'data' is missing; write 'data: FILE.h5' with the path of the dataset.");
    }

    /// <summary>Writes a complete configuration as YAML.</summary>
    /// <param name="configuration">The configuration.</param>
    public static string Write(RunConfiguration configuration)
    {
        var text = new StringBuilder();
        var open = new List<string>();
        foreach (var (section, _) in Settings.Sections)
        {
            var parts = section.Split('.', StringSplitOptions.RemoveEmptyEntries);
            for (var depth = 0; depth < parts.Length; depth++)
            {
                if (depth >= open.Count || open[depth] != parts[depth])
                {
                    open.RemoveRange(Math.Min(depth, open.Count), open.Count - Math.Min(depth, open.Count));
                    open.Add(parts[depth]);
                    text.Append(' ', 2 * depth).Append(parts[depth]).Append(":\n");
                }
            }

            foreach (var setting in Settings.All.Where(setting => setting.Section == section))
            {
                text.Append(' ', 2 * parts.Length).Append(setting.Key).Append(": ").Append(setting.Write(configuration)).Append('\n');
            }

            if (section == "model.prior" && configuration.Likelihoods.Count > 0)
            {
                WriteLikelihoods(text, configuration.Likelihoods);
            }
        }

        return text.ToString();
    }

    /// <summary>Paths of settings in which two configurations differ.</summary>
    /// <param name="one">A configuration, completed.</param>
    /// <param name="other">Another, completed.</param>
    public static IReadOnlyList<string> Differences(RunConfiguration one, RunConfiguration other)
    {
        var paths = Settings.All.Where(setting => setting.Write(one) != setting.Write(other)).Select(setting => setting.Path).ToList();
        if (!one.Likelihoods.SequenceEqual(other.Likelihoods))
        {
            paths.Add(LikelihoodsPath);
        }

        return paths;
    }

    /// <summary>The word closest to a misspelt one, if any is close.</summary>
    /// <param name="word">The misspelt word.</param>
    /// <param name="words">The words there are.</param>
    public static string? Closest(string word, IEnumerable<string> words)
    {
        var best = words.Select(candidate => (candidate, distance: Distance(word.ToUpperInvariant().Replace('_', '-'), candidate.ToUpperInvariant())))
            .OrderBy(pair => pair.distance).FirstOrDefault();
        var isPart = best.candidate is not null && word.Length >= 4 && (best.candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase) || word.StartsWith(best.candidate, StringComparison.OrdinalIgnoreCase));
        return best.candidate is not null && (isPart || best.distance <= Math.Max(1, word.Length / 3)) ? best.candidate : null;
    }

    private static string ReadText(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InputException($"{path}: this is a folder; give the name of a configuration file.");
        }

        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new InputException($"{path}: there is no such file; check its name and folder.");
        }

        if (file.Length > LargestBytes)
        {
            throw new InputException($"{path}: {file.Length} bytes are too many for a configuration; give a YAML file.");
        }

        try
        {
            return File.ReadAllText(path);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new InputException($"{path}: the file may not be read; change its permissions.", exception);
        }
    }

    private static RunConfiguration ReadSection(RunConfiguration configuration, YamlMappingNode section, string path, string where)
    {
        foreach (var (keyNode, value) in section.Children)
        {
            var key = KeyOf(keyNode, where);
            var full = path.Length == 0 ? key : $"{path}.{key}";
            if (full == LikelihoodsPath)
            {
                configuration = configuration with { Likelihoods = ReadLikelihoods(value, where) };
            }
            else if (Settings.Sections.Any(one => one.Path == full))
            {
                configuration = value switch
                {
                    YamlMappingNode inner => ReadSection(configuration, inner, full, where),
                    YamlScalarNode { Value: null or "" } => configuration,
                    _ => throw new InputException($"{where}, line {value.Start.Line}: '{full}' is a section; put its keys below it, indented."),
                };
            }
            else if (Settings.All.FirstOrDefault(one => one.Path == full) is { } setting)
            {
                configuration = Apply(configuration, setting, value, full, where);
            }
            else
            {
                throw Unknown(keyNode, key, path.Length == 0 ? "" : $" in '{path}'", KeysOf(path), where);
            }
        }

        return configuration;
    }

    private static List<string> KeysOf(string path)
    {
        var prefix = path.Length == 0 ? "" : path + ".";
        var keys = Settings.All.Where(setting => setting.Section == path).Select(setting => setting.Key).ToList();
        keys.AddRange(Settings.Sections.Select(section => section.Path).Append(LikelihoodsPath)
            .Where(section => section.Length > prefix.Length && section.StartsWith(prefix, StringComparison.Ordinal) && !section[prefix.Length..].Contains('.', StringComparison.Ordinal))
            .Select(section => section[prefix.Length..]));
        return keys;
    }

    private static List<LikelihoodConfiguration> ReadLikelihoods(YamlNode node, string where)
    {
        if (node is not YamlSequenceNode list)
        {
            throw new InputException($"{where}, line {node.Start.Line}: '{LikelihoodsPath}' is a list; write each entry as '- group: NAME', indented.");
        }

        var likelihoods = new List<LikelihoodConfiguration>();
        foreach (var entry in list.Children)
        {
            if (entry is not YamlMappingNode mapping)
            {
                throw new InputException($"{where}, line {entry.Start.Line}: an entry of '{LikelihoodsPath}' has keys; write it as '- group: NAME'.");
            }

            var likelihood = new LikelihoodConfiguration();
            foreach (var (keyNode, value) in mapping.Children)
            {
                var key = KeyOf(keyNode, where);
                var setting = Settings.Likelihood.FirstOrDefault(one => one.Path == key)
                    ?? throw Unknown(keyNode, key, $" in '{LikelihoodsPath}'", Settings.Likelihood.Select(one => one.Key), where);
                likelihood = Apply(likelihood, setting, value, $"{LikelihoodsPath}.{key}", where);
            }

            likelihoods.Add(likelihood.Group.Length > 0
                ? likelihood
                : throw new InputException($"{where}, line {entry.Start.Line}: an entry of '{LikelihoodsPath}' has no 'group'; name the channel group it explains."));
        }

        return likelihoods;
    }

    private static TOwner Apply<TOwner>(TOwner owner, Setting<TOwner> setting, YamlNode value, string full, string where)
        where TOwner : class
    {
        IReadOnlyList<string>? texts = value switch
        {
            YamlScalarNode scalar when !setting.IsList || scalar.Value is { Length: > 0 } => [scalar.Value ?? ""],
            YamlSequenceNode list when setting.IsList && list.Children.All(child => child is YamlScalarNode) => [.. list.Children.Select(child => ((YamlScalarNode)child).Value ?? "")],
            _ => null,
        };
        return (texts is null ? null : setting.Read(owner, texts))
            ?? throw new InputException(
                $"{where}, line {value.Start.Line}: '{full}' is {(value is YamlScalarNode one ? $"'{OneLine(one.Value ?? "")}'" : "no single value")}; give {setting.Allowed}.");
    }

    private static string KeyOf(YamlNode node, string where)
        => node is YamlScalarNode { Value: { Length: > 0 } key }
            ? key
            : throw new InputException($"{where}, line {node.Start.Line}: a key is not a word; write 'key: value'.");

    private static InputException Unknown(YamlNode node, string key, string section, IEnumerable<string> allowed, string where)
    {
        var words = allowed.ToList();
        var closest = Closest(key, words);
        return new InputException(
            $"{where}, line {node.Start.Line}: there is no key '{OneLine(key)}'{section}; {(closest is null ? "" : $"did you mean '{closest}'? ")}The keys are {string.Join(", ", words)}.");
    }

    private static void WriteLikelihoods(StringBuilder text, IReadOnlyList<LikelihoodConfiguration> likelihoods)
    {
        text.Append("  likelihoods:\n");
        foreach (var likelihood in likelihoods)
        {
            var lead = "    - ";
            foreach (var setting in Settings.Likelihood)
            {
                if (setting.Write(likelihood) is { } value)
                {
                    text.Append(lead).Append(setting.Key).Append(": ").Append(value).Append('\n');
                    lead = "      ";
                }
            }
        }
    }

    private static string OneLine(string text)
    {
        var cut = text.Length > 120 ? text[..120] + "..." : text;
        return new string([.. cut.Select(character => char.IsControl(character) ? ' ' : character)]);
    }

    /// <summary>Letters to add, drop, change or swap to get from one word to another.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1][];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i] = new int[b.Length + 1];
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i][j] = i + j;
                    continue;
                }

                var cost = Math.Min(Math.Min(rows[i - 1][j], rows[i][j - 1]) + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                rows[i][j] = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? Math.Min(cost, rows[i - 2][j - 2] + 1) : cost;
            }
        }

        return rows[a.Length][b.Length];
    }
}

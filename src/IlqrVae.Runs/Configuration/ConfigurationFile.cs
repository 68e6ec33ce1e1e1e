using System.Text;
using IlqrVae.Data;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Runs.Files;
using IlqrVae.Training.Hiding;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace IlqrVae.Runs.Configuration;

/// <summary>Reads and writes configurations as YAML, strictly: every unknown key and impossible value is refused with its file and line.</summary>
public static class ConfigurationFile
{
    private const long LargestBytes = 1 << 20;
    private const int DeepestNesting = 32;
    private const int MostNodes = 200_000;

    /// <summary>
    /// Reads a file. The path of the data is then relative to the current folder, or absolute. The assemblies of its extensions are loaded, which runs their code, and
    /// trusted from then on (<see cref="Extensions.Load(IEnumerable{string}, string)"/>); those of a run's config.yaml must be known to the user, as those of its model.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="changes">What is to be other than in the file, each KEY=VALUE as <see cref="ConfigurationChange"/> reads it; null for nothing.</param>
    /// <param name="isAgreed">Whether the user named the file itself, and so agrees to its extensions; false where it was found in a folder that the user named.</param>
    /// <exception cref="InputException">It is missing or faulty, or names an assembly that the user has not agreed to run.</exception>
    public static RunConfiguration Read(string path, IEnumerable<string>? changes = null, bool isAgreed = true)
    {
        var folder = Path.GetDirectoryName(path) ?? "";
        var run = new RunFolder(folder);
        isAgreed &= !(run.HoldsRun && Path.GetFileName(path) == Path.GetFileName(run.Configuration));
        var configuration = Parse(InputFile.ReadText(path, LargestBytes, "a configuration"), path, folder, isOld: false, changes, isAgreed);
        return configuration with
        {
            Data = Path.Combine(folder, configuration.Data),
            StartFrom = configuration.StartFrom.Length == 0 ? "" : Path.Combine(folder, configuration.StartFrom),
        };
    }

    /// <summary>Reads a text. Its extensions must be known to the user, by having been named before.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="where">What to call it in messages.</param>
    /// <param name="folder">The folder that paths of extensions are relative to.</param>
    /// <param name="isOld">Whether keys of other kinds than the ones chosen are passed over, as files of former versions have them all.</param>
    /// <param name="changes">What is to be other than in the text, each KEY=VALUE as <see cref="ConfigurationChange"/> reads it; null for nothing.</param>
    /// <exception cref="InputException">It is faulty, or names an assembly that the user has not agreed to run.</exception>
    public static RunConfiguration Parse(string text, string where, string folder = "", bool isOld = false, IEnumerable<string>? changes = null)
        => Parse(text, where, folder, isOld, changes, isAgreed: false);

    private static RunConfiguration Parse(string text, string where, string folder, bool isOld, IEnumerable<string>? changes, bool isAgreed)
    {
        var (root, reading) = Load(text, where, "write at least 'data: FILE.h5'", isOld);
        root = (changes ?? []).Aggregate(root, (changed, change) => ConfigurationChange.Parse(change).ApplyTo(changed, reading));
        var configuration = ReadSection(WithExtensions(root, folder, reading, isAgreed), root, "", reading);
        return configuration.Data.Length > 0
            ? configuration
            : throw new InputException($"{where}: the key 'data' is missing; write 'data: FILE.h5' with the path of the dataset.");
    }

    /// <summary>The keys of a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="where">What to call it in messages.</param>
    /// <param name="mend">What to write where there are none.</param>
    /// <param name="isOld">Whether keys of other kinds than the ones chosen are passed over.</param>
    /// <exception cref="InputException">It is no YAML, or has no keys.</exception>
    internal static (YamlMappingNode Root, Reading Reading) Load(string text, string where, string mend, bool isOld = false)
    {
        RequireReadable(text, where);
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            throw NotYaml(where, exception.Start.Line, exception.Message, exception);
        }

        return stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode root
            ? (root, new Reading(where, isOld))
            : throw new InputException($"{where}: there are no keys; {mend}.");
    }

    /// <summary>Writes a complete configuration as YAML.</summary>
    /// <param name="configuration">The configuration.</param>
    public static string Write(RunConfiguration configuration)
    {
        var text = new StringBuilder();
        foreach (var (section, _) in Settings.Sections)
        {
            var depth = section.Length == 0 ? 0 : section.Split('.').Length;
            if (depth > 0)
            {
                Line(2 * (depth - 1), $"{section[(section.LastIndexOf('.') + 1)..]}:");
            }

            foreach (var (key, value) in WriteSection(configuration, section))
            {
                Line(2 * depth, $"{key}: {value}");
            }

            // A list follows the last section of its parent that is written before it.
            foreach (var list in ModelSections.Lists.Where(list => section == (list == ModelSections.Likelihoods ? ModelSections.Prior.Path : "training")))
            {
                var entries = ModelSections.WriteList(list, configuration).ToList();
                if (!ModelSections.IsOpen(list, configuration))
                {
                    Line(2, $"{list[(list.LastIndexOf('.') + 1)..]}:{(entries.Count > 0 ? "" : " []")}");
                }

                foreach (var entry in entries)
                {
                    var lead = "- ";
                    foreach (var (key, value) in entry)
                    {
                        Line(4, $"{lead}{key}: {value}");
                        lead = "  ";
                    }
                }
            }
        }

        return text.ToString();

        void Line(int indentation, string line) => text.Append(' ', indentation).Append(line).Append('\n');
    }

    /// <summary>Paths of settings in which two configurations differ.</summary>
    /// <param name="one">A configuration, completed.</param>
    /// <param name="other">Another, completed.</param>
    public static IReadOnlyList<string> Differences(RunConfiguration one, RunConfiguration other)
    {
        var (first, second) = (Named(one), Named(other));
        return [.. first.Keys.Union(second.Keys, StringComparer.Ordinal).Where(path => first.GetValueOrDefault(path) != second.GetValueOrDefault(path))];
    }

    /// <summary>Every key and list of a configuration with its value as YAML; lists that are left open are empty.</summary>
    /// <param name="configuration">The configuration.</param>
    public static IReadOnlyList<(string Path, string? Value)> Values(RunConfiguration configuration)
        => [.. Settings.All.Select(setting => (setting.Path, Value: setting.Write(configuration)))
            .Concat(ModelSections.WriteAll(configuration).Select(one => (one.Path, Value: (string?)one.Value)))];

    private static Dictionary<string, string?> Named(RunConfiguration configuration)
        => Values(configuration).ToDictionary(one => one.Path, one => one.Value, StringComparer.Ordinal);

    private static IEnumerable<(string Key, string Value)> WriteSection(RunConfiguration configuration, string section)
        => section == ModelSections.Dynamics.Path ? ModelSections.Write(configuration.Model.Dynamics, configuration.Kinds)
            : section == ModelSections.Prior.Path ? ModelSections.Write(configuration.Model.Prior, configuration.Kinds)
            : Settings.All.Where(setting => setting.Section == section).Select(setting => (setting.Key, setting.Write(configuration) ?? ""));

    /// <summary>The configuration that knows the kinds of its extensions, before anything else is read.</summary>
    private static RunConfiguration WithExtensions(YamlMappingNode root, string folder, Reading reading, bool isAgreed)
    {
        var setting = Settings.All.First(one => one.Path == "extensions");
        if (root.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode { Value: "extensions" }).Value is not { } node)
        {
            return new RunConfiguration();
        }

        var configuration = Apply(new RunConfiguration(), setting, node, setting.Path, reading);
        if (!isAgreed && configuration.Extensions.FirstOrDefault(path => Extensions.IsOfAnotherMachine(path, folder)) is { } away)
        {
            // Windows would ask that machine for the file, and tell it who asks, to learn the file's SHA-256.
            throw new InputException(
                $"{reading.Where}: its extension {Extensions.Shown(away)} lies on another machine, which is not asked for what a file names; copy it here and name the copy under 'extensions', or set {Extensions.Variable}=1 for this command.");
        }

        var paths = configuration.Extensions.Select(path => Path.Combine(folder, path)).ToList();
        return configuration with { Extensions = paths, Kinds = Extensions.Load(paths, reading.Where, isAgreed) };
    }

    /// <summary>
    /// Reads the text's events once, before nodes are made of them: that goes down one call a level, and a text of brackets could go down without end; and
    /// it trips over a key without a name, which the parser passes over.
    /// </summary>
    internal static void RequireReadable(string text, string where)
    {
        var parser = new Parser(new StringReader(text));
        var open = new Stack<Opened>();
        var anchors = new Dictionary<AnchorName, (long Nodes, int Depth)>();
        var line = 1L;
        try
        {
            while (parser.MoveNext())
            {
                var found = parser.Current!;
                line = found.End.Line;
                switch (found)
                {
                    case MappingStart or SequenceStart:
                        open.Push(new Opened(found.Start, ((NodeEvent)found).Anchor));
                        break;
                    case MappingEnd or SequenceEnd:
                        var ended = open.Pop();
                        if (found is MappingEnd && ended.Children % 2 != 0)
                        {
                            throw new YamlException(ended.Start, found.End, "from here on a key or a value is missing");
                        }

                        Add(ended.Anchor, ended.Nodes + 1, ended.Depth + 1);
                        break;
                    case AnchorAlias alias:
                        // What stands for the list that it is in, and lists of lists of lists, would be gone through for ever.
                        var (nodes, depth) = open.Any(outer => outer.Anchor == alias.Value)
                            ? throw new InputException($"{where}, line {line}: '*{alias.Value}' stands for what it is in; write out what is meant.")
                            : anchors.GetValueOrDefault(alias.Value, (1, 0));
                        Add(AnchorName.Empty, nodes, depth);
                        break;
                    case NodeEvent node:
                        Add(node.Anchor, 1, 0);
                        break;
                }

                if (open.Count + (open.Count > 0 ? open.Peek().Depth : 0) > DeepestNesting)
                {
                    throw new InputException($"{where}, line {line}: brackets or sections are nested more than {DeepestNesting} deep; a configuration has no such thing.");
                }
            }
        }
        catch (YamlException exception)
        {
            throw NotYaml(where, exception.Start.Line, exception.Message, exception);
        }
        catch (InvalidOperationException exception)
        {
            // How the parser refuses brackets that are not closed.
            throw NotYaml(where, line, "a bracket that is not closed", exception);
        }

        void Add(AnchorName anchor, long nodes, int depth)
        {
            if (!anchor.IsEmpty)
            {
                anchors[anchor] = (nodes, depth);
            }

            if (open.TryPop(out var outer))
            {
                open.Push(outer with { Children = outer.Children + 1, Nodes = outer.Nodes + nodes, Depth = Math.Max(outer.Depth, depth) });
                if (outer.Nodes + nodes > MostNodes)
                {
                    throw new InputException($"{where}, line {line}: there are more than {MostNodes} keys and values; a configuration has fewer.");
                }
            }
        }
    }

    /// <summary>Brackets or a section that are open, with what is in them so far, every alias counted as what it stands for.</summary>
    private readonly record struct Opened(Mark Start, AnchorName Anchor, int Children = 0, long Nodes = 0, int Depth = 0);

    private static InputException NotYaml(string where, long line, string why, Exception exception)
        => new($"{where}, line {line}: this is not valid YAML ({OneLine(why)}); check indentation, colons, brackets and repeated keys.", exception);

    private static RunConfiguration ReadSection(RunConfiguration configuration, YamlMappingNode section, string path, Reading reading)
    {
        foreach (var (keyNode, value) in section.Children)
        {
            var key = KeyOf(keyNode, reading);
            var full = path.Length == 0 ? key : $"{path}.{key}";
            if (full == "extensions")
            {
                continue;
            }

            if (full == ModelSections.Likelihoods)
            {
                configuration = configuration with { Model = configuration.Model with { Likelihoods = ReadLikelihoods(value, configuration, reading) } };
            }
            else if (full == ModelSections.Hide)
            {
                configuration = configuration with { Training = configuration.Training with { Hide = ReadHide(value, configuration, reading) } };
            }
            else if (full == ModelSections.Dynamics.Path)
            {
                configuration = ReadPart(ModelSections.Dynamics, configuration, value, reading);
            }
            else if (full == ModelSections.Prior.Path)
            {
                configuration = ReadPart(ModelSections.Prior, configuration, value, reading);
            }
            else if (Settings.Sections.Any(one => one.Path == full))
            {
                configuration = Mapping(value, full, reading) is { } inner ? ReadSection(configuration, inner, full, reading) : configuration;
            }
            else if (Settings.All.FirstOrDefault(one => one.Path == full) is { } setting)
            {
                configuration = Apply(configuration, setting, value, full, reading);
            }
            else
            {
                throw Unknown(keyNode, key, path.Length == 0 ? "" : $" in '{path}'", KeysOf(path), reading);
            }
        }

        return configuration;
    }

    private static List<string> KeysOf(string path)
    {
        var prefix = path.Length == 0 ? "" : path + ".";
        var keys = Settings.All.Where(setting => setting.Section == path).Select(setting => setting.Key).ToList();
        keys.AddRange(Settings.Sections.Select(section => section.Path).Concat(ModelSections.Lists)
            .Where(section => section.Length > prefix.Length && section.StartsWith(prefix, StringComparison.Ordinal) && !section[prefix.Length..].Contains('.', StringComparison.Ordinal))
            .Select(section => section[prefix.Length..]));
        return keys;
    }

    /// <summary>The keys of a section; null for a section without any.</summary>
    private static YamlMappingNode? Mapping(YamlNode node, string full, Reading reading) => node switch
    {
        YamlMappingNode mapping => mapping,
        YamlScalarNode { Value: null or "" } => null,
        _ => throw new InputException($"{reading.At(node)}: '{full}' is a section; put its keys below it, indented."),
    };

    private static RunConfiguration ReadPart<TPart>(ModelSection<TPart> section, RunConfiguration configuration, YamlNode value, Reading reading)
        where TPart : PartSpecification<TPart>
    {
        if (Mapping(value, section.Path, reading) is not { } mapping)
        {
            return configuration;
        }

        var there = section.KindsAmong(configuration.Kinds);
        var part = NamedKind(mapping, there, section.Path, reading) ?? section.Get(configuration.Model);
        return configuration with { Model = section.Set(configuration.Model, ReadSettings(part, mapping, there, configuration.Kinds, section.Path, reading)) };
    }

    private static List<LikelihoodSpecification> ReadLikelihoods(YamlNode node, RunConfiguration configuration, Reading reading)
    {
        if (node is not YamlSequenceNode list)
        {
            throw new InputException($"{reading.At(node)}: '{ModelSections.Likelihoods}' is a list; write each entry as '- group: NAME', indented.");
        }

        var likelihoods = new List<LikelihoodSpecification>();
        foreach (var entry in list.Children)
        {
            if (entry is not YamlMappingNode mapping)
            {
                throw new InputException($"{reading.At(entry)}: an entry of '{ModelSections.Likelihoods}' has keys; write it as '- group: NAME'.");
            }

            var there = configuration.Kinds.Likelihoods;
            var likelihood = NamedKind(mapping, there, ModelSections.Likelihoods, reading) is { } kind
                ? ReadSettings(kind, mapping, there, configuration.Kinds, ModelSections.Likelihoods, reading)
                : ReadOpen(mapping, configuration.Kinds, reading);
            var group = mapping.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode { Value: ModelSections.Group }).Value;
            likelihoods.Add(group is YamlScalarNode { Value: { } name } && !string.IsNullOrWhiteSpace(name)
                ? likelihood with { Group = name }
                : throw new InputException($"{reading.At(entry)}: an entry of '{ModelSections.Likelihoods}' has no 'group'; name the channel group it explains."));
        }

        return likelihoods;
    }

    private static List<HidingRule> ReadHide(YamlNode node, RunConfiguration configuration, Reading reading)
    {
        var words = HidingRule.Kinds.Select(kind => kind.Kind).ToList();
        if (node is YamlScalarNode { Value: null or "" })
        {
            return [];
        }

        if (node is not YamlSequenceNode list)
        {
            throw new InputException($"{reading.At(node)}: '{ModelSections.Hide}' is a list; write each entry as '- kind: {words[0]}', indented.");
        }

        return
        [
            .. list.Children.Select(entry => entry is YamlMappingNode mapping && NamedKind(mapping, HidingRule.Kinds, ModelSections.Hide, reading) is { } kind
                ? ReadSettings(kind, mapping, HidingRule.Kinds, configuration.Kinds, ModelSections.Hide, reading)
                : throw new InputException($"{reading.At(entry)}: an entry of '{ModelSections.Hide}' has no 'kind'; give {Setting.Words(words)}.")),
        ];
    }

    /// <summary>The kind that a part names, at its defaults; null where it names none.</summary>
    private static TPart? NamedKind<TPart>(YamlMappingNode mapping, IReadOnlyList<TPart> there, string path, Reading reading)
        where TPart : PartSpecification<TPart>
    {
        if (mapping.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode { Value: ModelSections.Kind }).Value is not { } node)
        {
            return null;
        }

        var word = (node as YamlScalarNode)?.Value ?? "";
        var words = there.Select(kind => kind.Kind).ToList();
        return there.FirstOrDefault(kind => kind.Kind == word)
            ?? throw new InputException(
                $"{reading.At(node)}: '{path}.{ModelSections.Kind}' is '{OneLine(word)}'; {Spelling.DidYouMean(word, words)}give {Setting.Words(words)}.");
    }

    private static TPart ReadSettings<TPart>(TPart part, YamlMappingNode mapping, IReadOnlyList<TPart> there, ModelKinds kinds, string path, Reading reading)
        where TPart : PartSpecification<TPart>
    {
        var settings = part.SettingsAmong(kinds);
        foreach (var (keyNode, value) in mapping.Children)
        {
            var key = KeyOf(keyNode, reading);
            if (key == ModelSections.Kind || (part is LikelihoodSpecification && key == ModelSections.Group))
            {
                continue;
            }

            if (settings.FirstOrDefault(one => one.Key == key) is { } setting)
            {
                part = Apply(part, setting, value, $"{path}.{key}", reading);
                continue;
            }

            var owners = there.Where(kind => kind.SettingsAmong(kinds).Any(one => one.Key == key)).Select(kind => $"'{kind.Kind}'").ToList();
            if (owners.Count == 0)
            {
                throw Unknown(keyNode, key, $" in '{path}'", [ModelSections.Kind, .. settings.Select(one => one.Key)], reading);
            }

            if (!reading.IsOld)
            {
                throw new InputException(
                    $"{reading.At(keyNode)}: '{path}.{key}' is a key of {Setting.Words(owners)}, not of '{part.Kind}'; leave it out, or choose another '{ModelSections.Kind}'.");
            }
        }

        return part;
    }

    /// <summary>A likelihood that follows its group. Its keys must be those of some kind.</summary>
    private static LikelihoodByGroup ReadOpen(YamlMappingNode mapping, ModelKinds kinds, Reading reading)
    {
        var given = new List<(string Key, IReadOnlyList<string> Texts, string Where)>();
        foreach (var (keyNode, value) in mapping.Children)
        {
            var key = KeyOf(keyNode, reading);
            if (key == ModelSections.Group)
            {
                continue;
            }

            var owners = kinds.Likelihoods.Where(kind => kind.SettingsAmong(kinds).Any(one => one.Key == key)).ToList();
            if (owners.Count == 0)
            {
                IEnumerable<string> keys = [ModelSections.Group, ModelSections.Kind, .. kinds.Likelihoods.SelectMany(kind => kind.SettingsAmong(kinds)).Select(one => one.Key).Distinct(StringComparer.Ordinal)];
                throw Unknown(keyNode, key, $" in '{ModelSections.Likelihoods}'", keys, reading);
            }

            var setting = owners[0].SettingsAmong(kinds).First(one => one.Key == key);
            Apply(owners[0], setting, value, $"{ModelSections.Likelihoods}.{key}", reading);
            given.Add((key, Texts(setting.IsList, value)!, reading.At(value)));
        }

        return new LikelihoodByGroup { Given = given, Kinds = kinds };
    }

    private static TOwner Apply<TOwner>(TOwner owner, Setting<TOwner> setting, YamlNode value, string full, Reading reading)
        where TOwner : class
    {
        var texts = Texts(setting.IsList, value);
        return (texts is null ? null : setting.Read(owner, texts))
            ?? throw new InputException(
                $"{reading.At(value)}: '{full}' is {(value is YamlScalarNode one ? $"'{OneLine(one.Value ?? "")}'" : "no single value")}; {(texts is [var word] ? Spelling.DidYouMean(word, setting.Values.Words) : "")}give {setting.Allowed}.");
    }

    private static IReadOnlyList<string>? Texts(bool isList, YamlNode value) => value switch
    {
        YamlScalarNode scalar when !isList || scalar.Value is { Length: > 0 } => [scalar.Value ?? ""],
        YamlSequenceNode list when isList && list.Children.All(child => child is YamlScalarNode) => [.. list.Children.Select(child => ((YamlScalarNode)child).Value ?? "")],
        _ => null,
    };

    private static string KeyOf(YamlNode node, Reading reading)
        => node is YamlScalarNode { Value: { Length: > 0 } key }
            ? key
            : throw new InputException($"{reading.At(node)}: a key is not a word; write 'key: value'.");

    private static InputException Unknown(YamlNode node, string key, string section, IEnumerable<string> allowed, Reading reading)
    {
        var words = allowed.ToList();
        return new InputException(
            $"{reading.At(node)}: there is no key '{OneLine(key)}'{section}; {Spelling.DidYouMean(key, words)}The keys are {string.Join(", ", words)}.");
    }

    internal static string OneLine(string text)
    {
        var cut = text.Length > 120 ? text[..120] + "..." : text;
        return new string([.. cut.Select(character => char.IsControl(character) ? ' ' : character)]);
    }
}

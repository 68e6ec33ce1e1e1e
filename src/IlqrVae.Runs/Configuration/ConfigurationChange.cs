using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace IlqrVae.Runs.Configuration;

/// <summary>
/// One key of a configuration set from outside, as "training.iterations=500" on a command line: what the file says of it is replaced before the file is read, so
/// that the change is checked as the file is. An entry of a list is named by its number from 0, or by its group or kind: "model.likelihoods[velocity].kind=gaussian".
/// Values in brackets, braces or quotes are read as YAML, others as they are; paths among them are relative to the current folder.
/// </summary>
internal sealed class ConfigurationChange
{
    private static readonly string[] Paths = ["data", "training.start-from", "extensions"];

    private readonly string _origin;
    private readonly IReadOnlyList<(string Key, string? Entry)> _steps;
    private readonly string _value;

    private ConfigurationChange(string origin, IReadOnlyList<(string Key, string? Entry)> steps, string value)
        => (_origin, _steps, _value) = (origin, steps, value);

    /// <summary>Reads a change.</summary>
    /// <param name="text">KEY=VALUE.</param>
    /// <exception cref="InputException">It is no such thing.</exception>
    public static ConfigurationChange Parse(string text)
    {
        var origin = $"--set {OneLine(text)}";
        var steps = new List<(string Key, string? Entry)>();
        var at = 0;
        while (true)
        {
            var end = text.AsSpan(at).IndexOfAny("=.[");
            if (end <= 0)
            {
                throw new InputException($"{origin}: write it as KEY=VALUE, such as training.iterations=500 or 'model.likelihoods[velocity].kind=gaussian'.");
            }

            var key = text[at..(at + end)].Trim();
            at += end;
            string? entry = null;
            if (text[at] == '[')
            {
                // Names of groups may hold brackets: the one that closes stands before a point or the value.
                var close = Enumerable.Range(at, text.Length - at - 1).FirstOrDefault(i => text[i] == ']' && (text[i + 1] is '.' or '='), -1);
                if (close < 0)
                {
                    throw new InputException($"{origin}: a bracket is not closed; name an entry of a list as in 'model.likelihoods[velocity].kind=gaussian'.");
                }

                entry = text[(at + 1)..close];
                at = close + 1;
            }

            steps.Add((key, entry));
            if (text[at++] == '=')
            {
                return new ConfigurationChange(origin, steps, text[at..]);
            }
        }
    }

    /// <summary>The same configuration with the change. Sections on the way are copied: an alias elsewhere in the file may stand for them too.</summary>
    /// <param name="root">The configuration.</param>
    /// <param name="reading">How it is read.</param>
    /// <exception cref="InputException">There is no such entry, or something on the way is no section.</exception>
    public YamlMappingNode ApplyTo(YamlMappingNode root, Reading reading) => (YamlMappingNode)Put(root, 0, "", reading);

    private YamlNode Put(YamlNode? node, int step, string path, Reading reading)
    {
        if (step == _steps.Count)
        {
            return Value(path, reading);
        }

        var (key, entry) = _steps[step];
        if (node is not (null or YamlMappingNode or YamlScalarNode { Value: null or "" }))
        {
            throw new InputException($"{_origin}: '{path}' is no section {(step > 0 && node is YamlSequenceNode ? $"but a list; name an entry, as in {path}[0]" : $"in {reading.Where}; leave out what follows it")}.");
        }

        var full = path.Length == 0 ? key : $"{path}.{key}";
        var copy = reading.From(node is null ? _origin : reading.At(node), new YamlMappingNode());
        var isThere = false;
        foreach (var (name, value) in node is YamlMappingNode mapping ? mapping : new YamlMappingNode())
        {
            var isThis = name is YamlScalarNode { Value: { } word } && word == key;
            isThere |= isThis;
            copy.Add(name, isThis ? Inside(value) : value);
        }

        if (!isThere)
        {
            copy.Add(reading.From(_origin, new YamlScalarNode(key)), Inside(null));
        }

        return copy;

        YamlNode Inside(YamlNode? value) => entry is null ? Put(value, step + 1, full, reading) : PutEntry(value, entry, step, full, reading);
    }

    private YamlSequenceNode PutEntry(YamlNode? node, string entry, int step, string path, Reading reading)
    {
        if (node is not YamlSequenceNode { Children.Count: > 0 } list)
        {
            throw new InputException(
                $"{_origin}: {reading.Where} has no list '{path}' with entries; give the whole list, such as {(path == ModelSections.Likelihoods ? "'model.likelihoods=[{group: spikes}, {group: velocity}]'" : $"'{path}=[...]'")}.");
        }

        var names = list.Children.Select(NameOf).ToList();
        var index = int.TryParse(entry, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && !names.Contains(entry, StringComparer.Ordinal)
            ? number < names.Count ? number : throw new InputException($"{_origin}: there is no entry {number} of '{path}'; {reading.Where} has {names.Count}, counted from 0.")
            : names.Count(name => name == entry) switch
            {
                0 => throw new InputException($"{_origin}: there is no entry '{entry}' of '{path}'; {Spelling.DidYouMean(entry, names)}{reading.Where} has {string.Join(", ", names.Select(name => $"'{name}'"))}."),
                1 => names.IndexOf(entry),
                _ => throw new InputException($"{_origin}: several entries of '{path}' are called '{entry}'; name one by its number, as in {path}[{names.IndexOf(entry)}]."),
            };
        var copy = reading.From(reading.At(list), new YamlSequenceNode());
        for (var i = 0; i < names.Count; i++)
        {
            copy.Add(i == index ? Put(list.Children[i], step + 1, $"{path}[{entry}]", reading) : list.Children[i]);
        }

        return copy;
    }

    private static string NameOf(YamlNode entry) => entry is YamlMappingNode mapping
        ? new[] { ModelSections.Group, ModelSections.Kind }.Select(key => mapping.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode { Value: { } word } && word == key).Value)
            .OfType<YamlScalarNode>().FirstOrDefault()?.Value ?? ""
        : (entry as YamlScalarNode)?.Value ?? "";

    private YamlNode Value(string path, Reading reading)
    {
        var text = _value.Trim();
        if (text.Length == 0 || !"[{\"'".Contains(text[0], StringComparison.Ordinal))
        {
            return Named(new YamlScalarNode(text), path, reading);
        }

        ConfigurationFile.RequireReadable(text, _origin);
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return Named(stream.Documents[0].RootNode, path, reading);
        }
        catch (YamlException exception)
        {
            throw new InputException($"{_origin}: the value is not valid YAML ({OneLine(exception.Message)}); check brackets and quotes, and quote it for the shell.", exception);
        }
    }

    /// <summary>Says of all nodes of the value where they come from, and takes paths from the current folder.</summary>
    private YamlNode Named(YamlNode node, string path, Reading reading)
    {
        if (Paths.Contains(path, StringComparer.Ordinal))
        {
            foreach (var scalar in node.AllNodes.OfType<YamlScalarNode>().Where(scalar => !string.IsNullOrWhiteSpace(scalar.Value)))
            {
                scalar.Value = Path.GetFullPath(scalar.Value!);
            }
        }

        foreach (var one in node.AllNodes)
        {
            reading.From(_origin, one);
        }

        return node;
    }

    private static string OneLine(string text) => ConfigurationFile.OneLine(text);
}

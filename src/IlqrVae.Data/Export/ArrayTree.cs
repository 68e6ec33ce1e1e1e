using System.Text.Json;
using System.Text.Json.Nodes;

namespace IlqrVae.Data.Export;

/// <summary>One array on its way into a file of any format.</summary>
/// <param name="Path">Its name in the tree, as "channels/spikes/mean".</param>
/// <param name="Values">Row-major entries: numbers of any type, or texts.</param>
/// <param name="Shape">Lengths of the axes; none for a single number.</param>
/// <param name="Attributes">What is known of it, by name: texts, numbers and whole numbers. "unit" is the unit of its values.</param>
public sealed record NamedArray(string Path, Array Values, IReadOnlyList<int> Shape, IReadOnlyDictionary<string, object> Attributes);

/// <summary>
/// What a dataset, a posterior or a model file holds, with no format in it: named arrays whose first axis is bins, trials or what docs/dataset-format.md, docs/posterior-format.md and docs/model-format.md say. Every writer
/// of another format works on it, and so none knows of another.
/// </summary>
public sealed class ArrayTree
{
    private const string First = "trials/first_bin";

    private const string Model = "ilqr-vae model";
    private const string Program = "ilqr-vae ";

    private static readonly string[] s_texts = ["format", "source", "unit", "kind", "constraint", "precision", "fingerprint", "model", "recording"];
    private static readonly string[] s_wholes = ["version", "order", "hidden", "calibrated", "seed", "capacity", "iteration", "iterations", "by_position"];
    private static readonly string[] s_numbers = ["bin_width", "posterior_scale", "noise_scale", "seconds", "validation_loss", "seconds_of_recording"];

    private readonly Dictionary<string, NamedArray> _arrays;

    /// <summary>A tree of arrays.</summary>
    /// <param name="name">What to call it in messages: the file it comes from.</param>
    /// <param name="arrays">The arrays.</param>
    /// <param name="attributes">What is known of all, by name.</param>
    public ArrayTree(string name, IEnumerable<NamedArray> arrays, IReadOnlyDictionary<string, object> attributes)
    {
        (Name, Attributes) = (name, attributes);
        Arrays = [.. arrays];
        _arrays = Arrays.ToDictionary(array => array.Path, StringComparer.Ordinal);
    }

    /// <summary>What to call it in messages.</summary>
    public string Name { get; }

    /// <summary>The arrays, in the order in which they were made.</summary>
    public IReadOnlyList<NamedArray> Arrays { get; }

    /// <summary>What is known of all.</summary>
    public IReadOnlyDictionary<string, object> Attributes { get; }

    /// <summary>What it is in a word: dataset, posterior or model.</summary>
    public string Kind => Attributes.GetValueOrDefault("format") is string format && format.StartsWith(Program, StringComparison.Ordinal) ? format[Program.Length..] : "posterior";

    /// <summary>Whether it is a dataset and neither a posterior nor a model.</summary>
    public bool IsDataset => string.Equals(Attributes.GetValueOrDefault("format") as string, RecordingFile.Format, StringComparison.Ordinal);

    /// <summary>Width of a bin in seconds.</summary>
    public double BinWidth => Attributes.GetValueOrDefault("bin_width") is double width && width > 0 && double.IsFinite(width) ? width : throw new InputException($"{Name}: attribute 'bin_width' of '/' is missing or not positive; make the file again.");

    /// <summary>Reads a dataset, posterior or model file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">There is no such file, or it is something else.</exception>
    public static ArrayTree Read(string path)
    {
        using var archive = Hdf5Archive.Open(path);
        if (!archive.HasAttribute("/", "format") || (!archive.ContainsTable(First) && !string.Equals(archive.ReadText("/", "format"), Model, StringComparison.Ordinal)))
        {
            throw new InputException($"{path}: this is neither a dataset nor a posterior, nor a model file; give what 'ilqr-vae import', 'ilqr-vae infer' or 'ilqr-vae train' wrote.");
        }

        var arrays = new List<NamedArray>();
        Walk("");
        return new ArrayTree(path, arrays, AttributesOf(archive, "/"));

        void Walk(string folder)
        {
            foreach (var child in archive.Children(folder.Length == 0 ? "/" : folder))
            {
                var at = folder.Length == 0 ? child : $"{folder}/{child}";
                if (archive.IsGroup(at))
                {
                    Walk(at);
                }
                else if (archive.ContainsTable(at))
                {
                    var isText = archive.TypeOf(at) == StoredType.Text;
                    var (shape, values) = isText ? (archive.ShapeOf(at), archive.ReadStrings(at).Values) : archive.ReadStored(at);
                    arrays.Add(new NamedArray(at, values, shape, AttributesOf(archive, at)));
                }
            }
        }
    }

    /// <summary>An array that may be absent.</summary>
    /// <param name="path">Its path.</param>
    public NamedArray? Find(string path) => _arrays.GetValueOrDefault(path);

    /// <summary>Names of what is below a path, in the order of the arrays.</summary>
    /// <param name="path">The path, as "channels".</param>
    public IEnumerable<string> Children(string path) =>
        Arrays.Where(array => array.Path.StartsWith($"{path}/", StringComparison.Ordinal)).Select(array => array.Path[(path.Length + 1)..].Split('/')[0]).Distinct(StringComparer.Ordinal);

    /// <summary>An array that must be there.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="InputException">It is not.</exception>
    public NamedArray Require(string path) => Find(path) ?? throw new InputException($"{Name}: there is no '/{path}'; the file is damaged, make it again.");

    /// <summary>Its numbers.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="InputException">It is not there, or holds texts.</exception>
    public double[] Numbers(string path) => NumbersOf(Require(path));

    /// <summary>Its texts.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="InputException">It is not there, or holds numbers.</exception>
    public string[] Texts(string path) => Require(path).Values as string[] ?? throw new InputException($"{Name}: '/{path}' holds numbers where texts are needed; the file is damaged, make it again.");

    /// <summary>Where each trial lies in the tables of bins.</summary>
    /// <exception cref="InputException">Trials lie outside of them.</exception>
    internal IReadOnlyList<ExportedTrial> Trials()
    {
        var (first, bins, names, splits) = (Numbers(First), Numbers("trials/bins"), Texts("trials/name"), Texts("trials/split"));
        var rows = Arrays.First(array => array.Path.StartsWith("channels/", StringComparison.Ordinal) && array.Shape.Count == 2).Shape[0];
        return [.. first.Select((start, t) => start >= 0 && bins[t] >= 1 && start + bins[t] <= rows
            ? new ExportedTrial(names[t], splits[t], (int)start, (int)bins[t])
            : throw new InputException($"{Name}: trial '{Messages.OneLine(names[t])}' lies outside the {rows} bins that there are; the file is damaged, make it again."))];
    }

    internal double[] NumbersOf(NamedArray array)
    {
        if (array.Values is double[] doubles)
        {
            return doubles;
        }

        if (array.Values is string[])
        {
            throw new InputException($"{Name}: '/{array.Path}' holds texts where numbers are needed; the file is damaged, make it again.");
        }

        var values = new double[array.Values.Length];
        StoredNumbers.Copy(array.Values, 0, values.AsSpan());
        return values;
    }

    /// <summary>All attributes as JSON, by path; those of all by "/".</summary>
    /// <param name="more">What a format has to say of itself, by a name that is no path.</param>
    internal string AttributesJson(params IEnumerable<KeyValuePair<string, JsonNode?>> more)
    {
        var json = new JsonObject { ["/"] = Of(Attributes) };
        foreach (var (name, node) in more)
        {
            json[name] = node;
        }

        foreach (var array in Arrays.Where(array => array.Attributes.Count > 0))
        {
            json[array.Path] = Of(array.Attributes);
        }

        return json.ToJsonString();

        static JsonObject Of(IReadOnlyDictionary<string, object> attributes) => new(attributes.Select(one => KeyValuePair.Create<string, JsonNode?>(one.Key, one.Value switch
        {
            string text => text,
            long whole => whole,
            int whole => whole,
            var number => Convert.ToDouble(number, System.Globalization.CultureInfo.InvariantCulture),
        })));
    }

    /// <summary>The attributes of a path in what <see cref="AttributesJson"/> made.</summary>
    internal static Dictionary<string, object> AttributesOf(JsonElement json, string path)
    {
        var attributes = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var one in json.TryGetProperty(path, out var own) ? own.EnumerateObject() : default)
        {
            // Of numbers only these are real; they may look whole.
            attributes[one.Name] = one.Value.ValueKind == JsonValueKind.String ? one.Value.GetString()!
                : s_numbers.Contains(one.Name, StringComparer.Ordinal) ? one.Value.GetDouble() : (object)one.Value.GetInt64();
        }

        return attributes;
    }

    private static Dictionary<string, object> AttributesOf(Hdf5ArchiveReader archive, string path)
    {
        var found = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var name in s_texts.Where(name => archive.HasAttribute(path, name)))
        {
            found[name] = archive.ReadText(path, name);
        }

        foreach (var name in s_wholes.Where(name => archive.HasAttribute(path, name)))
        {
            found[name] = archive.ReadWhole(path, name);
        }

        foreach (var name in s_numbers.Where(name => archive.HasAttribute(path, name)))
        {
            // A model that was never validated has NaN for its validation loss, for which JSON has no word.
            if (archive.ReadNumber(path, name) is var number && double.IsFinite(number))
            {
                found[name] = number;
            }
        }

        return found;
    }
}

/// <summary>A trial of a tree.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Split">train, validation or test.</param>
/// <param name="First">Its first row in tables of bins.</param>
/// <param name="Bins">Its number of rows.</param>
internal readonly record struct ExportedTrial(string Name, string Split, int First, int Bins);

namespace IlqrVae.Data.Import;

/// <summary>What an axis of an array is of.</summary>
public enum ArrayAxis
{
    /// <summary>Trials.</summary>
    Trial,

    /// <summary>Bins, or samples of behaviour.</summary>
    Bin,

    /// <summary>Units, or channels of behaviour.</summary>
    Channel,

    /// <summary>Spikes: the entries are their times.</summary>
    Spike,

    /// <summary>Conditions, or stimuli, of which each has as many trials along another axis.</summary>
    Condition,

    /// <summary>Nothing: the axis has length one.</summary>
    None,
}

/// <summary>Says what an array of a file is for, and perhaps what its axes are.</summary>
/// <param name="Name">What it is for: spikes, time, trials, unit, inputs, held-out, or the name of a group of values.</param>
/// <param name="Path">The array, by its name or path in the file.</param>
/// <param name="Axes">What its axes are, those of lists around it in front; empty where the file tells.</param>
public sealed record ArrayMapping(string Name, string Path, IReadOnlyList<ArrayAxis> Axes)
{
    private static readonly string[] Words = ["trial", "bin", "channel", "unit", "spike", "condition", "-", "stimulus", "repeat", "neuron", "sample", "time"];

    /// <summary>Reads "spikes=Yte:trial,channel,bin".</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InputException">It is not of that form, or an axis is not known.</exception>
    public static ArrayMapping Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var cut = text.IndexOf('=', StringComparison.Ordinal);
        var colon = text.LastIndexOf(':');
        var (name, path) = cut < 0 ? ("", "") : (text[..cut].Trim(), text[(cut + 1)..(colon > cut ? colon : text.Length)].Trim());
        if (name.Length == 0 || path.Length == 0)
        {
            throw new InputException($"--map: '{text}' is not of the form NAME=PATH[:axes]; write for example spikes=counts or spikes=counts:trial,bin,channel.");
        }

        return new ArrayMapping(name, path, colon > cut ? [.. text[(colon + 1)..].Split(',').Select(word => AxisOf(text, word.Trim()))] : []);
    }

    /// <summary>The axes in words, as they are written behind a path.</summary>
    /// <param name="axes">The axes.</param>
    public static string Write(IEnumerable<ArrayAxis> axes) => string.Join(',', axes.Select(axis => axis switch
    {
        ArrayAxis.Trial => "trial",
        ArrayAxis.Bin => "bin",
        ArrayAxis.Channel => "channel",
        ArrayAxis.Spike => "spike",
        ArrayAxis.Condition => "condition",
        _ => "-",
    }));

    private static ArrayAxis AxisOf(string text, string word) => word.ToUpperInvariant() switch
    {
        "TRIAL" or "TRIALS" or "REPEAT" or "REPEATS" => ArrayAxis.Trial,
        "BIN" or "BINS" or "SAMPLE" or "SAMPLES" or "TIME" => ArrayAxis.Bin,
        "CHANNEL" or "CHANNELS" or "UNIT" or "UNITS" or "NEURON" or "NEURONS" => ArrayAxis.Channel,
        "SPIKE" or "SPIKES" => ArrayAxis.Spike,
        "CONDITION" or "CONDITIONS" or "STIMULUS" or "STIMULI" => ArrayAxis.Condition,
        "-" => ArrayAxis.None,
        _ => throw new InputException($"--map: '{word}' in '{text}' is no axis; {Spelling.DidYouMean(word, Words)}axes are trial, bin, channel (or unit), spike, condition, and - for one of length 1."),
    };
}

namespace IlqrVae.Recordings;

/// <summary>What the numbers of a channel group are.</summary>
public enum ChannelKind
{
    /// <summary>Whole, non-negative counts per bin, such as spikes.</summary>
    Counts,

    /// <summary>Real numbers, such as velocity or fluorescence.</summary>
    Values,
}

/// <summary>A named set of channels recorded together: a population of neurons, the coordinates of a hand.</summary>
/// <param name="Name">The group's name, unique in a recording ("spikes", "velocity").</param>
/// <param name="Kind">Counts or real values.</param>
/// <param name="Channels">Number of channels.</param>
/// <param name="Unit">Unit of the values ("m/s"); empty for counts.</param>
/// <param name="ChannelNames">One name a channel, or null.</param>
public sealed record ChannelGroup(string Name, ChannelKind Kind, int Channels, string Unit = "", IReadOnlyList<string>? ChannelNames = null);

/// <summary>Which part of a fit a trial belongs to.</summary>
public enum TrialSplit
{
    /// <summary>Used to learn the parameters.</summary>
    Train,

    /// <summary>Held out to choose when to stop.</summary>
    Validation,

    /// <summary>Held out to the end.</summary>
    Test,
}

/// <summary>A dense table of bins by columns, row-major.</summary>
/// <param name="Bins">Number of rows.</param>
/// <param name="Columns">Number of columns.</param>
/// <param name="Values">Row-major values, Bins * Columns of them.</param>
public sealed record Table(int Bins, int Columns, double[] Values)
{
    /// <summary>Creates a table of zeros.</summary>
    /// <param name="bins">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    public Table(int bins, int columns)
        : this(bins, columns, new double[(long)bins * columns])
    {
    }

    /// <summary>One entry.</summary>
    /// <param name="bin">Row.</param>
    /// <param name="column">Column.</param>
    public ref double this[int bin, int column] => ref Values[((long)bin * Columns) + column];

    /// <summary>One row.</summary>
    /// <param name="bin">Row.</param>
    public Span<double> Row(int bin) => Values.AsSpan(bin * Columns, Columns);

    /// <summary>A new table of some of the columns.</summary>
    /// <param name="columns">The columns, in the order wanted.</param>
    public Table SelectColumns(IReadOnlyList<int> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var part = new Table(Bins, columns.Count);
        for (var t = 0; t < Bins; t++)
        {
            var (from, to) = (t * Columns, t * columns.Count);
            for (var c = 0; c < columns.Count; c++)
            {
                part.Values[to + c] = Values[from + columns[c]];
            }
        }

        return part;
    }
}

/// <summary>What an experimenter noted of a trial: a number or a text.</summary>
/// <param name="Number">The number; NaN where it is not known, or a text.</param>
/// <param name="Text">The text; null of a number.</param>
public readonly record struct TrialLabel(double Number, string? Text = null)
{
    /// <summary>A label that is a text.</summary>
    /// <param name="text">The text.</param>
    public static TrialLabel Of(string text) => new(double.NaN, text);
}

/// <summary>One trial of a recording; trials may differ in length. Copy it by <c>trial with { ... }</c>, which keeps whatever is not named.</summary>
public sealed record Trial
{
    /// <summary>The trial's name, unique in its recording: warm starts and results are keyed by it.</summary>
    public required string Name { get; init; }

    /// <summary>Number of bins, at least 1.</summary>
    public required int Bins { get; init; }

    /// <summary>Which part of a fit the trial belongs to.</summary>
    public TrialSplit Split { get; init; }

    /// <summary>The session in which the trial was recorded; empty where there is one only, or it is not known.</summary>
    public string Session { get; init; } = "";

    /// <summary>One entry a channel group, in the order of <see cref="Recording.Groups"/>.</summary>
    public required IReadOnlyList<Observations> Observations { get; init; }

    /// <summary>Known external inputs, bins x external channels (row t drives the step from bin t to t + 1); null when the recording has none.</summary>
    public Table? External { get; init; }

    /// <summary>
    /// What a simulation knows and a recording does not, each bins x columns: "states", "inputs", "rates" (in Hz, as the group of the same channels)
    /// and so on. Empty for real recordings.
    /// </summary>
    public IReadOnlyDictionary<string, Table> Truth { get; init; } = new Dictionary<string, Table>(StringComparer.Ordinal);

    /// <summary>What is known of the trial as a whole, by name: its kind, the reaction time, when it began. No model sees it.</summary>
    public IReadOnlyDictionary<string, TrialLabel> Labels { get; init; } = new Dictionary<string, TrialLabel>(StringComparer.Ordinal);
}

/// <summary>
/// Trials of one experiment: what the data files hold and the models learn from. Immutable by convention; copy it by <c>recording with { ... }</c>.
/// </summary>
public sealed record Recording
{
    /// <summary>Width of a bin in seconds, positive.</summary>
    public required double BinWidth { get; init; }

    /// <summary>The channel groups.</summary>
    public required IReadOnlyList<ChannelGroup> Groups { get; init; }

    /// <summary>Names of the known external inputs; empty when there are none.</summary>
    public IReadOnlyList<string> ExternalNames { get; init; } = [];

    /// <summary>The trials.</summary>
    public required IReadOnlyList<Trial> Trials { get; init; }

    /// <summary>Where the recording comes from, in free words.</summary>
    public string Source { get; init; } = "";

    /// <summary>The position of a channel group; -1 where there is none of this name.</summary>
    /// <param name="name">Its name.</param>
    public int IndexOfGroup(string name)
    {
        for (var g = 0; g < Groups.Count; g++)
        {
            if (string.Equals(Groups[g].Name, name, StringComparison.Ordinal))
            {
                return g;
            }
        }

        return -1;
    }

    /// <summary>The trials of one split, in order.</summary>
    /// <param name="split">The split.</param>
    public IReadOnlyList<Trial> TrialsOf(TrialSplit split) => [.. Trials.Where(trial => trial.Split == split)];

    /// <summary>
    /// Checks shapes and values: at least one trial and one group, a positive bin width, unique names, tables of the declared shape, whole and
    /// non-negative counts, finite values wherever observed.
    /// </summary>
    /// <param name="where">What to call the recording in the message (a file name).</param>
    /// <exception cref="InputException">Something does not hold; the message names the trial, group, bin and channel.</exception>
    public void Validate(string where) => RecordingChecks.Validate(this, where);
}

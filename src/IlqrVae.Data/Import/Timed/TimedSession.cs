namespace IlqrVae.Data.Import.Timed;

/// <summary>Takes some spike times, in seconds.</summary>
internal delegate void TakeTimes(ReadOnlySpan<double> seconds);

/// <summary>Spike times of units, kept wherever they are until they are asked for.</summary>
internal interface ISpikeTimes
{
    /// <summary>Hands over the spike times of a unit in their order in the file, some at a time. Best asked for unit by unit in order.</summary>
    /// <param name="unit">Row of the unit.</param>
    /// <param name="take">Takes them.</param>
    void Read(int unit, TakeTimes take);
}

/// <summary>Samples of behaviour or of another signal, kept wherever they are until they are asked for.</summary>
internal interface ITimedSeries
{
    /// <summary>What to call it in messages.</summary>
    string Name { get; }

    /// <summary>Unit of the values.</summary>
    string Unit { get; }

    /// <summary>Number of channels.</summary>
    int Channels { get; }

    /// <summary>Names of the channels, or null.</summary>
    IReadOnlyList<string>? ChannelNames { get; }

    /// <summary>Number of samples.</summary>
    int Samples { get; }

    /// <summary>Start and samples a second where samples are evenly spaced; null where each has its time.</summary>
    (double Start, double Rate)? Clock { get; }

    /// <summary>Times of consecutive samples in seconds.</summary>
    void ReadTimes(int first, Span<double> times);

    /// <summary>Values of consecutive samples in their unit, samples x channels, NaN where missing.</summary>
    void ReadValues(int first, int count, Span<double> values);
}

/// <summary>
/// A session as most formats keep it: spike times of units, tables of units and trials, and series beside them, all on one clock. What an importer of such a
/// format makes of its file; <see cref="TimedImport"/> makes a recording of it.
/// </summary>
internal sealed record TimedSession
{
    /// <summary>The file, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>Where it comes from, in free words.</summary>
    public required string Source { get; init; }

    /// <summary>One row a unit; null where there are no units. Column <see cref="IdColumn"/>, where it is there, names them.</summary>
    public ColumnTable? Units { get; init; }

    /// <summary>Their names, a row each; null for their ids.</summary>
    public IReadOnlyList<string>? UnitNames { get; init; }

    /// <summary>Their spikes.</summary>
    public ISpikeTimes? Spikes { get; init; }

    /// <summary>Their counts, where the file has these in place of spike times; one channel a unit.</summary>
    public CountSeries? Counts { get; init; }

    /// <summary>When each unit was observed, in seconds; null where it is not told, for all or for one.</summary>
    public IReadOnlyList<IReadOnlyList<(double Start, double End)>?>? Observed { get; init; }

    /// <summary>One row a trial, with columns start_time and stop_time in seconds; null where there are none.</summary>
    public ColumnTable? Trials { get; init; }

    /// <summary>When each trial ends, in seconds, where that is not what the column says.</summary>
    public double[]? Ends { get; init; }

    /// <summary>A series that is 0 where nothing is to be taken.</summary>
    public ITimedSeries? Mask { get; init; }

    /// <summary>A series that is 0 where values are to be missing.</summary>
    public ITimedSeries? ValueMask { get; init; }

    /// <summary>The series to take, in the order of the options that name them.</summary>
    public IReadOnlyList<(ImportedValues Wanted, ITimedSeries Series)> Series { get; init; } = [];

    /// <summary>Bytes of the file: how much it can have to say.</summary>
    public long Bytes { get; init; }

    /// <summary>The column of names of units and trials.</summary>
    public const string IdColumn = "id";

    /// <summary>The column of trials' starts.</summary>
    public const string StartColumn = "start_time";

    /// <summary>The column of trials' ends.</summary>
    public const string StopColumn = "stop_time";
}

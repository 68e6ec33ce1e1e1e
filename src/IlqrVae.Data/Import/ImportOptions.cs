namespace IlqrVae.Data.Import;

/// <summary>One group of real-valued channels to take from a file.</summary>
/// <param name="Group">Name of the channel group ("velocity").</param>
/// <param name="Variable">Name of the variable ("handVel", "session.kin", "trial.handPos").</param>
/// <param name="Unit">Unit of the values ("m/s").</param>
/// <param name="Rows">Which channels to take, counted from 0 along the axis that is not time; null for all.</param>
public sealed record ImportedValues(string Group, string Variable, string Unit = "", IReadOnlyList<int>? Rows = null);

/// <summary>What to take from a file and how to cut it into trials; a format refuses by name what it does not take.</summary>
public sealed record ImportOptions
{
    /// <summary>Share of a session or of its trials, from the start, that is for training where nothing else is said.</summary>
    public const double DefaultTrainFraction = 0.8;

    /// <summary>One part for training in so many is for validation where nothing else is said.</summary>
    public const int DefaultValidationEvery = 8;

    /// <summary>Variable of the spike counts, of NWB files a series of counts; null to look for one called spikes, spike_counts, counts or the like.</summary>
    public string? Spikes { get; init; }

    /// <summary>Groups of real values.</summary>
    public IReadOnlyList<ImportedValues> Values { get; init; } = [];

    /// <summary>Variable of the bins' times in seconds, evenly spaced but for pauses; null to look for one called time, times, t or the like.</summary>
    public string? Time { get; init; }

    /// <summary>Width of a bin in seconds; null to take it from the file.</summary>
    public double? BinWidth { get; init; }

    /// <summary>Units that fire less over all bins in which they were observed are left out; in Hz.</summary>
    public double? MinimumRate { get; init; }

    /// <summary>Share of the session, or of the trials, from the start, that is for training.</summary>
    public double? TrainFraction { get; init; }

    /// <summary>Share after the training part that is for validation. What then remains is for testing.</summary>
    public double? ValidationFraction { get; init; }

    /// <summary>Length of the chunks in seconds that the training and validation parts are cut into; null to leave them whole.</summary>
    public double? ChunkSeconds { get; init; }

    /// <summary>
    /// Where no share is for validation, one chunk or trial of the training part in so many is: the one in the middle of each run, so that validation is
    /// spread evenly over the part (8 takes 4, 12, 20, ...). 0 takes none, as does a session in one piece.
    /// </summary>
    public int? ValidationEvery { get; init; }

    /// <summary>Whether the test part is cut into chunks too.</summary>
    public bool ChunkTest { get; init; }

    /// <summary>Whether units are the first axis and bins the second, or the other way round; null to tell by the lengths.</summary>
    public bool? UnitsFirst { get; init; }

    /// <summary>Groups of real values named by their path alone; a group is called as the last part of its path.</summary>
    public IReadOnlyList<ImportedValues> Behaviour { get; init; } = [];

    /// <summary>How much later than spikes behaviour is read, in seconds: by the lag, what a neuron does goes before what the hand does.</summary>
    public double? LagSeconds { get; init; }

    /// <summary>A series that is 0 where nothing is to be taken: sessions are cut there, and such bins of trials are missing.</summary>
    public string? Mask { get; init; }

    /// <summary>A series that is 0 where real values are to be missing; spikes stay.</summary>
    public string? ValueMask { get; init; }

    /// <summary>Table of trials or other intervals to cut by; null for the one called trials where it is wanted.</summary>
    public string? Trials { get; init; }

    /// <summary>Column of the table of trials with the time in each trial that the window is about; null with a window for the trial's start.</summary>
    public string? Align { get; init; }

    /// <summary>From when to when about the time aligned to, in seconds; null for each trial from start to stop.</summary>
    public (double From, double To)? Window { get; init; }

    /// <summary>Whether the bins of all trials lie on one grid, the multiples of the bin width from time 0, and not each trial's own.</summary>
    public bool OnSessionGrid { get; init; }

    /// <summary>Expression over the columns of the table of trials that chooses trials.</summary>
    public string? Where { get; init; }

    /// <summary>Expression over the columns of the table of units that chooses units.</summary>
    public string? Units { get; init; }

    /// <summary>Expression over the columns of the table of units that chooses those to hold out, in a group of their own.</summary>
    public string? HeldOutUnits { get; init; }

    /// <summary>Columns of the table of trials whose values together are a trial's condition.</summary>
    public IReadOnlyList<string> Conditions { get; init; } = [];

    /// <summary>By how much one chunk reaches into the next, in seconds.</summary>
    public double? ChunkOverlapSeconds { get; init; }

    /// <summary>Column of the table of trials that says train, validation (val) or test; trials that say something else are left out.</summary>
    public string? SplitColumn { get; init; }

    /// <summary>Length of the blocks of time, in seconds, that are given to training, validation and testing in turn; null to give each one stretch of time.</summary>
    public double? SplitBlockSeconds { get; init; }

    /// <summary>Seed by which trials or chunks are shared out at random; null to share them out in their order.</summary>
    public ulong? SplitSeed { get; init; }

    /// <summary>What arrays of a file of named arrays are for, and what their axes are.</summary>
    public IReadOnlyList<ArrayMapping> Maps { get; init; } = [];

    /// <summary>The unit that such a file counts time in: s, ms, us, or ticks a second as "30000Hz"; null for seconds, or what the file says.</summary>
    public string? TimeUnit { get; init; }

    /// <summary>Told the share that is read, of sessions of spike times by their units and series; null for nobody.</summary>
    public IProgress<double>? Progress { get; init; }

    /// <summary>The options that are given, by their names on the command line.</summary>
    public IEnumerable<string> Given()
    {
        (string Name, bool IsGiven)[] all =
        [
            ("--spikes", Spikes is not null), ("--values", Values.Count > 0), ("--time", Time is not null), ("--bin-width", BinWidth is not null),
            ("--minimum-rate", MinimumRate is not null), ("--train-fraction", TrainFraction is not null), ("--validation-fraction", ValidationFraction is not null),
            ("--chunk", ChunkSeconds is not null), ("--validation-every", ValidationEvery is not null), ("--chunk-test", ChunkTest),
            ("--behaviour", Behaviour.Count > 0), ("--lag", LagSeconds is not null), ("--mask", Mask is not null), ("--mask-values", ValueMask is not null), ("--trials", Trials is not null), ("--align", Align is not null),
            ("--window", Window is not null), ("--session-grid", OnSessionGrid), ("--where", Where is not null), ("--units", Units is not null),
            ("--held-out-units", HeldOutUnits is not null), ("--condition", Conditions.Count > 0), ("--chunk-overlap", ChunkOverlapSeconds is not null),
            ("--split-column", SplitColumn is not null), ("--split-blocks", SplitBlockSeconds is not null), ("--split-seed", SplitSeed is not null),
            ("--units-first", UnitsFirst == true), ("--bins-first", UnitsFirst == false), ("--map", Maps.Count > 0), ("--time-unit", TimeUnit is not null),
        ];
        return all.Where(one => one.IsGiven).Select(one => one.Name);
    }

    /// <summary>Refuses numbers that mean nothing.</summary>
    internal void Check()
    {
        var (train, validation) = (TrainFraction ?? DefaultTrainFraction, ValidationFraction ?? 0);
        if (!(train > 0) || !(validation >= 0) || !(train + validation <= 1 + 1e-9))
        {
            throw new InputException(
                $"The share for training is {train} and for validation {validation}; give a positive share for training, and shares of 1 or less together.");
        }

        if (BinWidth is { } width && (!(width > 0) || !double.IsFinite(width)))
        {
            throw new InputException($"The bin width is {width} s; give a positive bin width in seconds.");
        }

        if (ChunkSeconds is { } seconds && (!(seconds > 0) || !double.IsFinite(seconds)))
        {
            throw new InputException($"The length of a chunk is {seconds} s; give a positive length in seconds.");
        }

        if (ChunkOverlapSeconds is { } overlap && (!(overlap >= 0) || !double.IsFinite(overlap) || ChunkSeconds is null))
        {
            throw new InputException(ChunkSeconds is null ? "--chunk-overlap says how far chunks overlap; give their length with --chunk." : $"Chunks cannot overlap by {overlap} s; give 0 s or more.");
        }

        if (Window is { } window && !(window.To > window.From))
        {
            throw new InputException($"The window from {window.From} s to {window.To} s has no length; give its start first, as in --window=-0.25..0.45.");
        }

        if (SplitBlockSeconds is { } block && !(block > 0))
        {
            throw new InputException($"The length of a block is {block} s; give a positive length in seconds.");
        }

        var splits = ((string[])[SplitColumn is not null ? "--split-column" : "", SplitBlockSeconds is not null ? "--split-blocks" : "", SplitSeed is not null ? "--split-seed" : ""]).Where(name => name.Length > 0).ToList();
        if (splits.Count > 1)
        {
            throw new InputException($"{string.Join(" and ", splits)} say different things about the splits; give one of them.");
        }

        if (ValidationEvery is < 0 or 1)
        {
            throw new InputException($"One chunk in {ValidationEvery} cannot be for validation; give 0 for none, or 2 or more.");
        }

        if (MinimumRate is { } rate && !(rate >= 0))
        {
            throw new InputException($"The lowest firing rate is {rate} Hz; give 0 or more.");
        }
    }
}

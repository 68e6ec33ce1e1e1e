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

    /// <summary>Variable of the spike counts; null to look for one called spikes, spike_counts, counts or the like.</summary>
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

    /// <summary>The options that are given, by their names on the command line.</summary>
    public IEnumerable<string> Given()
    {
        (string Name, bool IsGiven)[] all =
        [
            ("--spikes", Spikes is not null), ("--values", Values.Count > 0), ("--time", Time is not null), ("--bin-width", BinWidth is not null),
            ("--minimum-rate", MinimumRate is not null), ("--train-fraction", TrainFraction is not null), ("--validation-fraction", ValidationFraction is not null),
            ("--chunk", ChunkSeconds is not null), ("--validation-every", ValidationEvery is not null), ("--chunk-test", ChunkTest),
            ("--units-first", UnitsFirst == true), ("--bins-first", UnitsFirst == false),
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

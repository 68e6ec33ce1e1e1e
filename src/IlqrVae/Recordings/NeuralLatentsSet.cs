namespace IlqrVae.Recordings;

/// <summary>How many trials one phase of the benchmark has.</summary>
/// <param name="Training">Trials to learn from.</param>
/// <param name="Evaluated">Trials that are scored.</param>
public readonly record struct NeuralLatentsTrials(int Training, int Evaluated);

/// <summary>A data set of the Neural Latents Benchmark 2021: where it is found, how trials are cut out of it and what is scored.</summary>
/// <param name="Name">The name of its groups in submissions and targets, at 5 ms; at 20 ms with <see cref="WideSuffix"/>.</param>
/// <param name="Dandi">Number of the DANDI set.</param>
/// <param name="Subject">The subject, and its session where the set has several.</param>
/// <param name="AlignedTo">The column of the trials' table that a trial is cut around.</param>
/// <param name="WindowStart">Start of the window, in ms after that time.</param>
/// <param name="WindowEnd">End of the window, in ms after that time.</param>
/// <param name="AllowsOverlap">Whether a window may reach into the next trial's.</param>
/// <param name="Behaviour">The series that is decoded; empty where columns of the trials' table are scored instead (<see cref="TrialColumns"/>).</param>
/// <param name="Lag">How many ms later than the spikes behaviour is taken.</param>
/// <param name="Conditions">The columns of the trials' table that make a condition; empty for no conditions.</param>
/// <param name="Sigma">Standard deviation in ms of the kernel that smooths spikes for condition averages; NaN for none.</param>
/// <param name="HeldIn">Number of neurons that inference sees.</param>
/// <param name="HeldOut">Number of neurons to be predicted.</param>
/// <param name="Validation">Trials of the validation phase.</param>
/// <param name="Test">Trials of the test phase.</param>
public sealed record NeuralLatentsSet(
    string Name, string Dandi, string Subject, string AlignedTo, int WindowStart, int WindowEnd, bool AllowsOverlap, string Behaviour, int Lag,
    IReadOnlyList<string> Conditions, double Sigma, int HeldIn, int HeldOut, NeuralLatentsTrials Validation, NeuralLatentsTrials Test)
{
    /// <summary>What follows a set's name in the groups of 20 ms.</summary>
    public const string WideSuffix = "_20";

    /// <summary>Bins of the benchmark, in ms.</summary>
    public const int NarrowBin = 5;

    /// <summary>The wider bins of the benchmark, in ms.</summary>
    public const int WideBin = 20;

    /// <summary>How many ms after the window are predicted too.</summary>
    public const int Forward = 200;

    private static readonly string[] s_reach = ["trial_type", "trial_version"];

    /// <summary>The seven sets, in the order in which the benchmark reports them.</summary>
    public static IReadOnlyList<NeuralLatentsSet> All { get; } =
    [
        new("mc_maze", "000128", "Jenkins, ses-full", "move_onset_time", -250, 450, false, "hand_vel", 100, s_reach, 70, 137, 45, new(1721, 574), new(2295, 574)),
        new("mc_rtt", "000129", "Indy", "start_time", 0, 600, true, "finger_vel", 140, [], double.NaN, 98, 32, new(810, 270), new(1080, 272)),
        new("area2_bump", "000127", "Han", "move_onset_time", -100, 500, false, "hand_vel", -20, ["cond_dir", "ctr_hold_bump"], 40, 49, 16, new(272, 92), new(364, 98))
        {
            DecodedBy = "ctr_hold_bump",
            EvaluatesOverlap = true,
        },
        new("dmfc_rsg", "000130", "Haydn", "go_time", -1500, 0, true, "", 0, ["is_eye", "theta", "is_short", "ts"], 70, 45, 15, new(741, 248), new(989, 252))
        {
            TrialColumns = ["is_eye", "theta", "is_short", "ts", "tp"],
            EndsAtAlignment = true,
            EvaluatedFrom = "set_time",
            OutlierColumn = "is_outlier",
            JitteredColumn = "tp",
        },
        new("mc_maze_large", "000138", "Jenkins", "move_onset_time", -250, 450, false, "hand_vel", 120, s_reach, 50, 122, 40, new(375, 125), new(500, 100)) { ScalingKey = "[500]" },
        new("mc_maze_medium", "000139", "Jenkins", "move_onset_time", -250, 450, false, "hand_vel", 120, s_reach, 50, 114, 38, new(188, 62), new(250, 100)) { ScalingKey = "[250]" },
        new("mc_maze_small", "000140", "Jenkins", "move_onset_time", -250, 450, false, "hand_vel", 120, s_reach, 50, 107, 35, new(75, 25), new(100, 100)) { ScalingKey = "[100]" },
    ];

    /// <summary>The column of the trials' table each of whose values has a decoder of its own; null for one decoder for all.</summary>
    public string? DecodedBy { get; init; }

    /// <summary>The columns of the trials' table that are scored in place of behaviour, the produced interval last; empty for none.</summary>
    public IReadOnlyList<string> TrialColumns { get; init; } = [];

    /// <summary>Whether trials of unequal length end together, so that condition averages are cut to the shortest from the end.</summary>
    public bool EndsAtAlignment { get; init; }

    /// <summary>Whether windows may overlap where trials are evaluated or decoded, though not where they are learned.</summary>
    public bool EvaluatesOverlap { get; init; }

    /// <summary>The column of the trials' table from whose time on, up to the alignment, held-out spikes are scored; null for the whole window.</summary>
    public string? EvaluatedFrom { get; init; }

    /// <summary>The column of the trials' table that says which trials have no behaviour and no condition; null for none.</summary>
    public string? OutlierColumn { get; init; }

    /// <summary>
    /// The column of the trials' table with a time in ms: windows are moved later at random by what it lacks to the window's length, at most <see cref="LargestJitter"/>, so that a
    /// window does not tell by itself how much of it was needed. Null for no such jitter.
    /// </summary>
    public string? JitteredColumn { get; init; }

    /// <summary>The largest jitter, in ms.</summary>
    public const int LargestJitter = 300;

    /// <summary>What the scores are called by where sets that differ in their number of trials are pooled; null for a set of its own.</summary>
    public string? ScalingKey { get; init; }

    /// <summary>The set of a group; null where it is none of the benchmark.</summary>
    /// <param name="group">The group's name, with or without <see cref="WideSuffix"/>.</param>
    public static NeuralLatentsSet? OfGroup(string group)
    {
        ArgumentNullException.ThrowIfNull(group);
        var name = SetOf(group);
        return All.FirstOrDefault(set => string.Equals(set.Name, name, StringComparison.Ordinal));
    }

    /// <summary>A group's name without <see cref="WideSuffix"/>.</summary>
    /// <param name="group">The group.</param>
    public static string SetOf(string group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.EndsWith(WideSuffix, StringComparison.Ordinal) ? group[..^WideSuffix.Length] : group;
    }

    /// <summary>The name of a set's group for bins of a width.</summary>
    /// <param name="set">The set, of the benchmark or any other.</param>
    /// <param name="binWidth">Width of a bin in seconds.</param>
    /// <exception cref="InputException">The set is one of the benchmark's, which has no bins of this width; or the name ends like that of a group already.</exception>
    public static string GroupOf(string set, double binWidth)
    {
        ArgumentNullException.ThrowIfNull(set);
        if (set.EndsWith(WideSuffix, StringComparison.Ordinal))
        {
            throw new InputException($"--set: '{set}' ends in {WideSuffix}, which is added to the name of a set whose bins are {WideBin} ms wide; give the name without it.");
        }

        if (set.Length == 0 || set is "." or ".." || set.AsSpan().ContainsAny('/', '\0') || set.Any(char.IsControl))
        {
            throw new InputException("--set: the name of a set needs a letter and no slash; give another.");
        }

        var milliseconds = binWidth * 1000;
        var isWide = Math.Abs(milliseconds - WideBin) < 1e-6;
        return isWide || Math.Abs(milliseconds - NarrowBin) < 1e-6 || OfGroup(set) is null
            ? set + (isWide ? WideSuffix : "")
            : throw new InputException(FormattableString.Invariant($"--set: {set} of the benchmark has bins of {NarrowBin} and {WideBin} ms, and these are {milliseconds:0.###} ms wide; make them wider with --bin, or give the set another name."));
    }
}

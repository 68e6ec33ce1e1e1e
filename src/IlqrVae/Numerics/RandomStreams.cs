namespace IlqrVae.Numerics;

/// <summary>
/// Who draws from which stream of <see cref="CounterRandom"/>: every purpose for which random numbers are drawn, in one place. Draws of a run are a
/// function of its seed, a stream and a substream; what each is, is said here. The high 16 bits of a stream are its purpose, so that no two purposes
/// meet, whatever iteration, trial or draw the rest counts. Purpose 0 is shared by what makes data and first weights, a few streams that are numbered by
/// hand.
/// </summary>
public static class RandomStreams
{
    /// <summary>Position of the purpose in a stream.</summary>
    private const int Purpose = 48;

    /// <summary>The system of a simulation, shared by its trials. Substream 0.</summary>
    public const ulong SimulatedSystem = 0;

    /// <summary>The order of conditions in a simulation. Substream <see cref="ConditionsOfSplit"/>.</summary>
    public const ulong SimulatedConditions = 0;

    /// <summary>The read-out of a simulation, shared by its trials. Substream 0.</summary>
    public const ulong SimulatedReadout = 1;

    /// <summary>Substream of a simulated trial's states and inputs.</summary>
    public const ulong Dynamics = 1;

    /// <summary>Substream of a simulated trial's observations.</summary>
    public const ulong Observations = 2;

    /// <summary>Substream of a simulated trial's motor variability.</summary>
    public const ulong MotorVariability = 3;

    /// <summary>The weights that learning starts from. Substream 0.</summary>
    public const ulong FirstWeights = 0x1417;

    /// <summary>Trials drawn from a learned model. Substream: the trial.</summary>
    public const ulong ModelSamples = 0xd4a3;

    /// <summary>Models and data of benchmarks. Substream 0.</summary>
    public const ulong Benchmarks = 0xbe7c;

    /// <summary>The order of trials in an epoch. Substream: the epoch.</summary>
    public const ulong MiniBatches = 1UL << Purpose;

    /// <summary>
    /// Draws of the posterior in validation, the same at every validation so that losses compare. Substream <see cref="Draw"/>; for the objective
    /// 'evidence' the trial.
    /// </summary>
    public const ulong Validation = 3UL << Purpose;

    /// <summary>Samples of the Laplace posterior that bound a trial's evidence. Substream: the trial.</summary>
    public const ulong ImportanceLaplace = 5UL << Purpose;

    /// <summary>Samples of the posterior that are reported or written. Substream: the trial.</summary>
    public const ulong PosteriorSamples = 6UL << Purpose;

    /// <summary>Draws behind the ELBO that is reported. Substream <see cref="Draw"/>.</summary>
    public const ulong ReportedElbo = 7UL << Purpose;

    /// <summary>The first tangents of a free run's Lyapunov exponents. Substream 0.</summary>
    public const ulong FreeRunTangents = 8UL << Purpose;

    /// <summary>Initial states among which a search looks for the likeliest, of seed 0 whatever the run's. Substream 0.</summary>
    public const ulong LikelyStates = 9UL << Purpose;

    /// <summary>Which channels validation by prediction holds out together. Substream: the channel group.</summary>
    public const ulong ValidationFolds = 11UL << Purpose;

    /// <summary>Shuffled predictions, to see what chance gives. Substream: the shuffle.</summary>
    public const ulong ShuffledPredictions = 12UL << Purpose;

    /// <summary>Samples by which the noise of a likelihood is measured that does not say what it is, of seed 0 whatever the run's. Substream 0.</summary>
    public const ulong PredictiveSamples = 13UL << Purpose;

    /// <summary>What places a count between the probabilities of less and of no more, so that its place is uniform. Substream <see cref="Draw"/> of the trial, by channel group.</summary>
    public const ulong RandomisedPlaces = 14UL << Purpose;

    /// <summary>Which entries of a trial are hidden together, and which are looked at, when intervals are calibrated. Substream: the trial.</summary>
    public const ulong CalibrationEntries = 15UL << Purpose;

    /// <summary>Which trials or chunks of an imported recording are for training, validation and testing. Substream 0.</summary>
    public const ulong ImportedSplits = 16UL << Purpose;

    /// <summary>Which channels of an imported recording are held out. Substream 0.</summary>
    public const ulong ImportedHeldOut = 17UL << Purpose;

    /// <summary>Times to which events of a trial are moved, to see what chance gives of averages around them. Substream: the draw.</summary>
    public const ulong MovedEvents = 18UL << Purpose;

    /// <summary>Samples of a learned prior, of seed 0 whatever the run's, by which its density is drawn. Substream 0.</summary>
    public const ulong PriorDensity = 19UL << Purpose;

    /// <summary>Where the points of a sweep begin, of seed 0 whatever the runs'. Substream 0.</summary>
    public const ulong SweepPoints = 20UL << Purpose;

    /// <summary>A simulated trial, by split and number within it: more training trials leave the test trials as they were.</summary>
    /// <param name="split">The split: 0 training, 1 validation, 2 test.</param>
    /// <param name="number">Its number in the split.</param>
    public static ulong SimulatedTrial(int split, int number) => ((1 + (ulong)split) << 32) | (uint)number;

    /// <summary>Substream of the order of conditions in a split.</summary>
    /// <param name="split">The split: 0 training, 1 validation, 2 test.</param>
    public static ulong ConditionsOfSplit(int split) => 100 + (ulong)split;

    /// <summary>
    /// Draws of the posterior behind an update of the parameters. Substream <see cref="Draw"/>; for the objective 'evidence' the trial.
    /// </summary>
    /// <param name="update">The update, from 1.</param>
    public static ulong Training(int update) => (2UL << Purpose) | (uint)update;

    /// <summary>What is hidden from a trial behind an update of the parameters. Substream: the trial.</summary>
    /// <param name="update">The update, from 1.</param>
    public static ulong Hiding(int update) => (10UL << Purpose) | (uint)update;

    /// <summary>A sample of the shared posterior that bounds a trial's evidence. Substream <see cref="Draw"/> 0 of the trial.</summary>
    /// <param name="sample">Which sample.</param>
    public static ulong ImportanceShared(int sample) => (4UL << Purpose) | (uint)sample;

    /// <summary>Substream of a draw of a trial's posterior.</summary>
    /// <param name="trial">A number that identifies the trial.</param>
    /// <param name="draw">Which draw, below 65536.</param>
    public static ulong Draw(ulong trial, int draw) => (trial * 65_536) + (ulong)draw;
}

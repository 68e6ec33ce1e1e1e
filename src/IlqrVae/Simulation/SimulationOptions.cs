namespace IlqrVae.Simulation;

/// <summary>How simulated states are observed.</summary>
public enum ObservationKind
{
    /// <summary>Real values: a linear read-out plus Gaussian noise, in a group called "values".</summary>
    Gaussian,

    /// <summary>Spike counts: Poisson with an exponential link, in a group called "spikes".</summary>
    Spikes,
}

/// <summary>What drives a simulated linear system.</summary>
public enum InputKind
{
    /// <summary>Nothing: it is autonomous.</summary>
    None,

    /// <summary><see cref="SparseInputs"/>.</summary>
    Sparse,

    /// <summary><see cref="AutoregressiveInputs"/>.</summary>
    Autoregressive,
}

/// <summary>Options that all simulations share.</summary>
public abstract record SimulationOptions
{
    /// <summary>Told by several threads of the share that is done; null for nobody.</summary>
    public IProgress<double>? Progress { get; init; }

    /// <summary>Seed; the recording is a function of the options and nothing else.</summary>
    public ulong Seed { get; init; }

    /// <summary>Number of training trials, not negative.</summary>
    public int Trials { get; init; } = 112;

    /// <summary>Number of validation trials, not negative.</summary>
    public int ValidationTrials { get; init; }

    /// <summary>Number of test trials, not negative.</summary>
    public int TestTrials { get; init; }

    /// <summary>Bins in a trial, at least 1.</summary>
    public int Bins { get; init; } = 100;

    /// <summary>Bin width in seconds, positive; turns rates in Hz into counts.</summary>
    public double BinWidth { get; init; } = 0.01;
}

/// <summary>Options of the simulations that can be observed either way.</summary>
public abstract record ObservedSimulationOptions : SimulationOptions
{
    /// <summary>Real values or spikes.</summary>
    public ObservationKind Observation { get; init; }

    /// <summary>Number of channels or neurons N, at least 1.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Standard deviation of the Gaussian noise, not negative; read only for <see cref="ObservationKind.Gaussian"/>.</summary>
    public double NoiseDeviation { get; init; } = 0.1;

    /// <summary>Mean rate of every neuron in Hz, positive; read only for <see cref="ObservationKind.Spikes"/>.</summary>
    public double MeanRate { get; init; } = 15;

    /// <summary>
    /// Standard deviation of a neuron's log rate over all bins, between 0 and 5; read only for <see cref="ObservationKind.Spikes"/>.
    /// </summary>
    public double ModulationDepth { get; init; } = 0.7;
}

/// <summary>
/// Options of <see cref="Simulations.Lorenz"/>. The defaults are the setting of the paper's Lorenz experiment: 112 trials of 100 bins, the
/// three z-scored states with noise of standard deviation 0.1; <see cref="Spiking"/> holds those of a population of neurons.
/// </summary>
public sealed record LorenzOptions : ObservedSimulationOptions
{
    /// <summary>
    /// Sixty-four neurons of 15 Hz on average, with peaks of several tens of Hz, in 20 ms bins; 96 training, 16 validation and 16 test
    /// trials of 100 bins.
    /// </summary>
    public static LorenzOptions Spiking { get; } = new()
    {
        Observation = ObservationKind.Spikes,
        Channels = 64,
        BinWidth = 0.02,
        Trials = 96,
        ValidationTrials = 16,
        TestTrials = 16,
    };
}

/// <summary>
/// Options of <see cref="Simulations.Linear"/>. The defaults are the setting of the paper's sparse-input experiment: 56 trials of 100 bins,
/// n = m = 3, N = 10; that of its autonomous experiment is n = N = 8 and no inputs.
/// </summary>
public sealed record LinearOptions : ObservedSimulationOptions
{
    /// <summary>Creates the defaults.</summary>
    public LinearOptions()
    {
        Trials = 56;
        Channels = 10;
    }

    /// <summary>Number of states n, at least 1.</summary>
    public int States { get; init; } = 3;

    /// <summary>Number of inputs m, not negative; the inputs of an autonomous simulation are zero.</summary>
    public int Inputs { get; init; } = 3;

    /// <summary>What drives the system.</summary>
    public InputKind InputProcess { get; init; } = InputKind.Sparse;

    /// <summary>Probability of a sparse input in a bin, between 0 and 1.</summary>
    public double InputProbability { get; init; } = 0.03;

    /// <summary>Coefficient of autoregressive inputs, strictly between -1 and 1.</summary>
    public double InputCoefficient { get; init; } = 0.8;

    /// <summary>Standard deviation of sparse inputs where they occur, or of autoregressive inputs in any bin; not negative.</summary>
    public double InputDeviation { get; init; } = 1;

    /// <summary>Standard deviation of the states in bin 0, N(0, s^2 I); not negative.</summary>
    public double InitialDeviation { get; init; } = 1;

    /// <summary>Largest modulus of an eigenvalue of A, above 0 and at most 1.</summary>
    public double SpectralRadius { get; init; } = 0.95;

    /// <summary>Number of complex pairs of eigenvalues, at most n/2; -1 for as many as fit.</summary>
    public int Rotations { get; init; } = -1;
}

/// <summary>
/// Options of <see cref="Simulations.Duffing"/>. The defaults are the setting of the paper's Duffing experiment: two pieces of 100 bins
/// joined, 200 Poisson neurons.
/// </summary>
public sealed record DuffingOptions : ObservedSimulationOptions
{
    /// <summary>Creates the defaults.</summary>
    public DuffingOptions()
    {
        Observation = ObservationKind.Spikes;
        Channels = 200;
        Bins = 200;
    }

    /// <summary>Number of pieces joined in a trial, at least 1; <see cref="SimulationOptions.Bins"/> must be a multiple of it.</summary>
    public int Pieces { get; init; } = 2;
}

/// <summary>
/// Options of <see cref="Simulations.Maze"/>. The defaults have the size of the Neural Latents Benchmark's MC_Maze: 182 neurons, 108
/// conditions, 140 bins of 5 ms, 1 720 training and 510 validation trials. With them a recording takes about 1 GB of memory, half of it the
/// true rates.
/// </summary>
public sealed record MazeOptions : SimulationOptions
{
    /// <summary>Creates the defaults.</summary>
    public MazeOptions()
    {
        Trials = 1720;
        ValidationTrials = 510;
        Bins = 140;
        BinWidth = 0.005;
    }

    /// <summary>Number of neurons, at least 1.</summary>
    public int Neurons { get; init; } = 182;

    /// <summary>
    /// How many of the neurons, the last ones, form a group of their own, to be held out in evaluation; below the number of neurons, or -1 for a
    /// quarter of them (45 of 182, as in the benchmark).
    /// </summary>
    public int HeldOutNeurons { get; init; } = -1;

    /// <summary>Number of conditions (target and path), at least 1.</summary>
    public int Conditions { get; init; } = 108;

    /// <summary>Earliest go cue, in seconds from the start of the trial, not negative.</summary>
    public double EarliestGo { get; init; } = 0.1;

    /// <summary>
    /// Latest go cue, in seconds from the start of the trial, not before the earliest; cues are uniform in between, at bin edges.
    /// </summary>
    public double LatestGo { get; init; } = 0.25;

    /// <summary>
    /// Standard deviation of the preparatory state from trial to trial of one condition, relative to its spread over conditions; not
    /// negative.
    /// </summary>
    public double TrialVariability { get; init; } = 0.1;

    /// <summary>Scale of what the hand does beyond the population's command (see <see cref="Simulation.MotorVariability"/>), not negative.</summary>
    public double MotorVariability { get; init; } = 1;

    /// <summary>Whether to keep the true rates and states; without them a recording takes half the memory.</summary>
    public bool KeepRates { get; init; } = true;
}

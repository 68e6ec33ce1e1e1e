namespace IlqrVae.Runs.NeuralLatents;

/// <summary>How a recording is taken for the Neural Latents Benchmark.</summary>
public sealed record NeuralLatentsOptions
{
    /// <summary>The set, of the benchmark or any other name; null for the name of the file.</summary>
    public string? Set { get; init; }

    /// <summary>Whether the test trials are evaluated, and training and validation trials are those to learn from; else the validation trials are, and the training trials.</summary>
    public bool IsTest { get; init; }

    /// <summary>Groups of neurons that are predicted; empty for the one that importing and simulating make.</summary>
    public IReadOnlyList<string> HeldOut { get; init; } = [];

    /// <summary>Bins at the end of every trial that are predicted from those before; null for those of the benchmark's set where trials have them, else none.</summary>
    public int? ForwardBins { get; init; }

    /// <summary>Width of the bins to write in ms, a multiple of the recording's; null for the recording's.</summary>
    public double? BinMilliseconds { get; init; }

    /// <summary>Targets: the group of values to decode; null for the set's, or the only one there is.</summary>
    public string? Behaviour { get; init; }

    /// <summary>Targets: how many ms later than spikes behaviour is taken.</summary>
    public double LagMilliseconds { get; init; }

    /// <summary>Targets: the tables whose values make a condition; empty for the set's, or 'condition'.</summary>
    public IReadOnlyList<string> Conditions { get; init; } = [];

    /// <summary>Targets: standard deviation in ms of the kernel that smooths spikes for condition averages; null for the set's, or 70.</summary>
    public double? SigmaMilliseconds { get; init; }

    /// <summary>Targets: the table each of whose values has a decoder of its own; null for the set's, or none.</summary>
    public string? DecodedBy { get; init; }
}

using System.Runtime.InteropServices;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Sessions;

/// <summary>How a repetition came out.</summary>
/// <param name="IsSame">Whether its parameters are those of the run, bit by bit.</param>
/// <param name="LargestDifference">The largest difference of two raw parameters; NaN where they are not as many or not after as many updates.</param>
public sealed record RepeatOutcome(bool IsSame, double LargestDifference);

/// <summary>A run that is to be repeated from what it recorded of itself.</summary>
public sealed class RunRepeat
{
    private readonly RunOrigin? _origin;
    private readonly ModelDescription _description;
    private readonly double[] _raw;
    private readonly TrainingSummary _summary;

    private RunRepeat(string run, RunOrigin? origin, (ModelDescription Description, double[] Raw, TrainingSummary Summary) model, RunConfiguration configuration)
        => (Run, _origin, (_description, _raw, _summary), Configuration) = (run, origin, model, configuration);

    /// <summary>The run's folder.</summary>
    public string Run { get; }

    /// <summary>Its configuration, as it is kept in its model, with paths from here.</summary>
    public RunConfiguration Configuration { get; }

    /// <summary>Reads what a run recorded of itself.</summary>
    /// <param name="run">Its folder, or the model file in it.</param>
    /// <exception cref="InputException">There is no run, or its files are damaged.</exception>
    public static RunRepeat Open(string run)
    {
        var file = RunFolder.ModelOf(run);
        var model = ModelFile.Read(file);
        var folder = Path.GetDirectoryName(file) ?? "";
        var configuration = model.Description.Configuration;
        return new RunRepeat(folder, RunOrigin.Read(new RunFolder(folder)), model, configuration with
        {
            Data = Path.Combine(folder, configuration.Data),
            StartFrom = configuration.StartFrom.Length == 0 ? "" : Path.Combine(folder, configuration.StartFrom),
        });
    }

    /// <summary>Checks that a recording is the one the run was made of, and tells in what else this program and machine differ, a sentence each.</summary>
    /// <param name="configuration">The configuration to train with, paths from here.</param>
    /// <param name="recording">The recording.</param>
    /// <exception cref="InputException">It is another recording, or the parameters that learning starts from are others.</exception>
    public IReadOnlyList<string> Require(RunConfiguration configuration, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var fingerprint = RecordingFingerprint.Of(recording);
        var now = RunOrigin.Of(configuration, "", fingerprint, 0, configuration.Training.Threads, 1);
        var difference = _origin is { } origin ? origin.Recording.DifferenceFrom(fingerprint)
            : _description.Fingerprint == fingerprint.Whole ? null
            : _description.Fingerprint.Length == 0 ? "its fingerprint, which the run did not keep" : "its fingerprint";
        if (difference is not null)
        {
            throw new InputException($"{configuration.Data}: this is not the recording the run in {Run} was made with, they differ in {difference}; give that one with --data, or train without --like.");
        }

        if (_origin is { HasBeginning: true } && _origin.StartFrom != now.StartFrom)
        {
            throw new InputException($"{configuration.StartFrom}: the parameters are not those that the run in {Run} started from; put that run back, or train without --like.");
        }

        return _origin?.DifferencesFrom(now) ?? [$"{Run} has no origin.json, so that nobody can tell on what machine and by which version it was made; results may differ."];
    }

    /// <summary>Compares a repetition with the run.</summary>
    /// <param name="model">Its model file.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    public RepeatOutcome Compare(string model)
    {
        var (_, raw, summary) = ModelFile.Read(model);
        return raw.Length != _raw.Length || summary.Iterations != _summary.Iterations || summary.Iteration != _summary.Iteration
            ? new RepeatOutcome(false, double.NaN)
            : new RepeatOutcome(MemoryMarshal.AsBytes<double>(raw).SequenceEqual(MemoryMarshal.AsBytes<double>(_raw)), raw.Zip(_raw, (one, other) => Math.Abs(one - other)).DefaultIfEmpty(0).Max());
    }
}

using IlqrVae.Control;
using IlqrVae.Data;
using IlqrVae.Inference;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Files;

/// <summary>What a posterior was made of.</summary>
/// <param name="Model">Fingerprint of the model's parameters.</param>
/// <param name="Recording">Fingerprint of the recording.</param>
/// <param name="ByPosition">Whether channels were taken in the order of the recording, whatever their names.</param>
public sealed record PosteriorOrigin(string Model, string Recording, bool ByPosition)
{
    /// <summary>Of a model's raw parameters and a recording as its file has it.</summary>
    /// <param name="raw">The parameters.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="byPosition">Whether channels are taken in its order.</param>
    public static PosteriorOrigin Of(double[] raw, Recording recording, bool byPosition)
        => new(RunCalibration.FingerprintOf(raw), RecordingFingerprint.Of(recording).Whole, byPosition);
}

/// <summary>The MAP inputs that a posterior file holds, by trial.</summary>
internal sealed class PosteriorSolutions
{
    private readonly string _path;
    private readonly Dictionary<string, KnownSolution> _byName;

    private PosteriorSolutions(string path, Dictionary<string, KnownSolution> byName) => (_path, _byName) = (path, byName);

    /// <summary>Reads them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="description">The model.</param>
    /// <param name="origin">What the file must be of.</param>
    /// <param name="request">What it must have hidden.</param>
    /// <param name="data">The dataset, for messages.</param>
    /// <exception cref="InputException">It is another file, or of another model, recording or other hidden groups.</exception>
    public static PosteriorSolutions Read(string path, ModelDescription description, PosteriorOrigin origin, InferenceRequest request, string data)
    {
        if (request.ForecastBins > 0 || request.Gaps.Count > 0)
        {
            throw new InputException("--posterior: what a posterior file holds has seen the whole of its trials; leave out --forecast and --gap, or --posterior.");
        }

        using var archive = PosteriorFile.Open(path);
        if (!archive.HasAttribute("/", "model"))
        {
            throw new InputException($"--posterior: {path} does not say which model and recording it is of; write it anew with 'ilqr-vae infer'.");
        }

        if (archive.ReadText("/", "model") != origin.Model)
        {
            throw new InputException($"--posterior: {path} was inferred with another model, or with other parameters of this one; infer again.");
        }

        if (archive.ReadText("/", "recording") != origin.Recording)
        {
            throw new InputException($"--posterior: {path} was inferred from another recording than {data}; infer again, or give that one with --data.");
        }

        if (archive.ReadWhole("/", "by_position") != (origin.ByPosition ? 1 : 0))
        {
            throw new InputException($"--posterior: {path} was inferred {(origin.ByPosition ? "without" : "with")} --by-position; {(origin.ByPosition ? "leave it out" : "give it")} here too.");
        }

        RequireHidden(archive, description, request.Hidden);
        return new PosteriorSolutions(path, ReadAll(archive, description));
    }

    /// <summary>Checks that all trials are there.</summary>
    /// <param name="trials">The trials.</param>
    /// <param name="split">What they are.</param>
    /// <exception cref="InputException">One is missing.</exception>
    public void RequireAll(IReadOnlyList<Trial> trials, string split)
    {
        var missing = trials.Where(trial => !_byName.ContainsKey(trial.Name)).ToList();
        if (missing.Count > 0)
        {
            throw new InputException(
                $"--posterior: {_path} holds {trials.Count - missing.Count} of the {trials.Count} {(split == "all" ? "" : split + " ")}trials ('{missing[0].Name}' is missing); infer them too, or name a split that it holds with --split.");
        }
    }

    /// <summary>The solution of a trial.</summary>
    /// <param name="trial">The trial.</param>
    public KnownSolution Of(Trial trial) => _byName[trial.Name];

    private static void RequireHidden(Hdf5ArchiveReader archive, ModelDescription description, IReadOnlySet<string> hidden)
    {
        var were = PosteriorFile.HiddenIn(archive, description);
        if (!were.SetEquals(hidden))
        {
            static string Words(IEnumerable<string> names) => names.Any() ? string.Join(", ", names.Order(StringComparer.Ordinal).Select(name => $"'{name}'")) : "nothing";
            throw new InputException($"--posterior: {archive.Path} was inferred with {Words(were)} hidden, and here {Words(hidden)} would be; hide the same with --hide, or infer again.");
        }
    }

    private static Dictionary<string, KnownSolution> ReadAll(Hdf5ArchiveReader archive, ModelDescription description)
    {
        var names = archive.ReadStrings("trials/name", -1).Values;
        var (count, bins) = (names.Length, archive.ReadLongs("trials/bins", names.Length).Values);
        if (Array.Exists(bins, length => length is < 1 or > int.MaxValue))
        {
            throw new InputException($"{archive.Path}: '/trials/bins' has impossible numbers; the file is damaged, infer again.");
        }

        var total = (int)Math.Min(int.MaxValue, bins.Sum());
        var converged = archive.ReadInts("trials/converged", count).Values;
        var (iterations, costs) = (archive.ReadLongs("trials/iterations", count).Values, archive.ReadDoubles("trials/cost", count).Values);
        var isOwn = description.Configuration.Model is { Inputs: > 0, Prior.Autoregressive: true };
        var (first, inputs) = (archive.ReadDoubles(isOwn ? "variables/initial_state" : "initial_state/mean", count, -1), archive.ReadDoubles(isOwn ? "variables/inputs" : "inputs/mean", total, -1));
        var (n, m) = (first.Shape[1], inputs.Shape[1]);
        var solutions = new Dictionary<string, KnownSolution>(StringComparer.Ordinal);
        for (var (k, at) = (0, 0); k < count; at += (int)bins[k++])
        {
            // The last bin has no input.
            double[] variables = [.. first.Values.AsSpan(k * n, n), .. inputs.Values.AsSpan(at * m, ((int)bins[k] - 1) * m)];
            var status = converged[k] != 0 ? SolverStatus.Converged : double.IsFinite(costs[k]) ? SolverStatus.MaximumIterations : SolverStatus.NonFinite;
            solutions[names[k]] = new KnownSolution(variables, new SolveReport(status, double.NaN, costs[k], double.NaN, (int)iterations[k], 0, 0));
        }

        return solutions;
    }
}

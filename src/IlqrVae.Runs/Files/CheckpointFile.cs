using System.Numerics;
using IlqrVae.Data;
using IlqrVae.Training;

namespace IlqrVae.Runs.Files;

/// <summary>The checkpoint of a run: the whole state of its training, so that it continues with the same bits.</summary>
public static class CheckpointFile
{
    private const string Format = "ilqr-vae checkpoint";
    private const long Version = 2;

    /// <summary>Writes a state, all of it or nothing.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="path">Destination.</param>
    /// <param name="state">The state.</param>
    public static void Write<T>(string path, TrainingState<T> state)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var archive = new Hdf5Archive();
        archive.SetAttribute("/", "format", Format);
        archive.SetAttribute("/", "version", Version);
        archive.SetAttribute("/", "iteration", (long)state.Iteration);
        archive.SetAttribute("/", "seconds", state.Seconds);
        archive.SetAttribute("/", "untrained_loss", state.UntrainedLoss);
        archive.SetAttribute("/", "best_loss", state.BestLoss);
        archive.SetAttribute("/", "best_iteration", (long)state.BestIteration);
        archive.SetAttribute("/", "validations_without_improvement", (long)state.ValidationsWithoutImprovement);
        archive.SetAttribute("/", "usual_gradient_norm", state.UsualGradientNorm);
        archive.SetAttribute("/", "bad_iterations", (long)state.BadIterations);
        archive.SetAttribute("/", "lost_validations", (long)state.LostValidations);
        archive.SetAttribute("/", "recoveries", (long)state.Recoveries);
        archive.Add("raw", state.Raw);
        archive.Add("best_raw", state.BestRaw);
        var firstLosses = state.FirstLosses.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        archive.Add("first_losses/name", [.. firstLosses.Select(pair => pair.Key)]);
        archive.Add("first_losses/value", [.. firstLosses.Select(pair => pair.Value)]);
        Add(archive, "optimiser", state.Optimiser);
        Add(archive, "best_optimiser", state.BestOptimiser);
        var starts = state.WarmStarts.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        archive.Add("warm_starts/name", [.. starts.Select(pair => pair.Key)]);
        archive.Add("warm_starts/count", [.. starts.Select(pair => pair.Value.Values.LongLength)]);
        archive.Add("warm_starts/is_lost", [.. starts.Select(pair => pair.Value.IsLost ? 1L : 0L)]);
        archive.Add("warm_starts/values", [.. starts.SelectMany(pair => pair.Value.Values).Select(double.CreateChecked)]);
        archive.Save(path);
    }

    /// <summary>Reads a state.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="fresh">A fresh state of the same training, which tells the shapes.</param>
    /// <exception cref="InputException">It is missing or damaged, or belongs to another training.</exception>
    public static TrainingState<T> Read<T>(string path, TrainingState<T> fresh)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using var archive = Hdf5Archive.Open(path);
        if (!archive.HasAttribute("/", "format") || archive.ReadText("/", "format") != Format || archive.ReadWhole("/", "version") != Version)
        {
            throw new InputException($"{path}: this is not a checkpoint of this version; train anew with --force.");
        }

        var count = fresh.Raw.Length;
        var state = new TrainingState<T>
        {
            Raw = archive.ReadDoubles("raw", count).Values,
            BestRaw = archive.ReadDoubles("best_raw", count).Values,
            Optimiser = ReadOptimiser(archive, "optimiser", count),
            BestOptimiser = ReadOptimiser(archive, "best_optimiser", count),
            Iteration = (int)archive.ReadWhole("/", "iteration"),
            Seconds = archive.ReadNumber("/", "seconds"),
            UntrainedLoss = archive.ReadNumber("/", "untrained_loss"),
            BestLoss = archive.ReadNumber("/", "best_loss"),
            BestIteration = (int)archive.ReadWhole("/", "best_iteration"),
            UsualGradientNorm = archive.ReadNumber("/", "usual_gradient_norm"),
            BadIterations = (int)archive.ReadWhole("/", "bad_iterations"),
            LostValidations = (int)archive.ReadWhole("/", "lost_validations"),
            Recoveries = (int)archive.ReadWhole("/", "recoveries"),
            ValidationsWithoutImprovement = (int)archive.ReadWhole("/", "validations_without_improvement"),
        };
        var scored = archive.ReadStrings("first_losses/name", -1).Values;
        foreach (var (name, loss) in scored.Zip(archive.ReadDoubles("first_losses/value", scored.Length).Values))
        {
            state.FirstLosses[name] = loss;
        }

        var names = archive.ReadStrings("warm_starts/name", -1).Values;
        var counts = archive.ReadLongs("warm_starts/count", names.Length).Values;
        var values = archive.ReadDoubles("warm_starts/values", -1).Values;
        var isLost = archive.ReadLongs("warm_starts/is_lost", names.Length).Values;
        var at = 0;
        for (var i = 0; i < names.Length; i++)
        {
            if (!fresh.WarmStarts.TryGetValue(names[i], out var start) || start.Values.Length != counts[i] || at + counts[i] > values.Length)
            {
                throw new InputException($"{path}: the start of trial '{names[i]}' does not fit the recording; resume with the recording the run was made with.");
            }

            for (var j = 0; j < counts[i]; j++)
            {
                start.Values[j] = T.CreateChecked(values[at++]);
            }

            start.IsLost = isLost[i] != 0;
            state.WarmStarts[names[i]] = start;
        }

        return state;
    }

    private static void Add(Hdf5Archive archive, string group, Adam optimiser)
    {
        archive.Add($"{group}/first", optimiser.First);
        archive.Add($"{group}/second", optimiser.Second);
        archive.SetAttribute(group, "updates", (long)optimiser.Updates);
    }

    private static Adam ReadOptimiser(Hdf5ArchiveReader archive, string group, int count)
    {
        var optimiser = new Adam(count) { Updates = (int)archive.ReadWhole(group, "updates") };
        archive.ReadDoubles($"{group}/first", count).Values.CopyTo(optimiser.First, 0);
        archive.ReadDoubles($"{group}/second", count).Values.CopyTo(optimiser.Second, 0);
        return optimiser;
    }
}

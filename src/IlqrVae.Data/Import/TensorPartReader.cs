using IlqrVae.Data.Import.Arrays;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>The arrays of one split of a file of lfads-torch or nlb_tools.</summary>
/// <param name="archive">The file.</param>
/// <param name="group">The group with the arrays; empty for the root.</param>
/// <param name="remarks">Takes what has to be told.</param>
internal sealed class TensorPartReader(Hdf5ArchiveReader archive, string group, List<string> remarks)
{
    /// <summary>How names end of what inference sees in files of lfads-torch.</summary>
    public const string Encoded = "_encod_data";

    /// <summary>The same in files of nlb_tools.</summary>
    public const string HeldIn = "_spikes_heldin";

    /// <summary>Numbers that a trial may have in an array of labels: each becomes a label, of every trial.</summary>
    private const int MostLabels = 1000;

    private readonly string _path = archive.Path;

    /// <summary>How names begin, and the split that this means.</summary>
    public static IReadOnlyList<(string Stem, TrialSplit Split)> Stems { get; } =
        [("train", TrialSplit.Train), ("valid", TrialSplit.Validation), ("val", TrialSplit.Validation), ("test", TrialSplit.Test), ("eval", TrialSplit.Test)];

    /// <summary>Whether there is something of a split.</summary>
    public bool Has(string stem) => Table(stem + Encoded) is not null || Table(stem + HeldIn) is not null;

    /// <summary>Reads the arrays of a split.</summary>
    /// <exception cref="InputException">They contradict each other.</exception>
    public TensorPart Read(string stem, TrialSplit split)
    {
        TensorBlock heldIn, heldOut;
        int window;
        if (Read(stem + Encoded) is { } encoded)
        {
            window = encoded.Shape[1];
            var recon = Read($"{stem}_recon_data") ?? encoded;
            var (units, all) = (encoded.Shape[2], recon.Shape[2]);
            if (recon.Shape[0] != encoded.Shape[0] || recon.Shape[1] < window || all < units)
            {
                throw new InputException($"{_path}: '{stem}_recon_data' of {Messages.Shape(recon.Shape)} must have as many trials as '{stem}{Encoded}' of {Messages.Shape(encoded.Shape)}, and at least as many bins and channels.");
            }

            RequireSame(stem, encoded, recon);
            heldIn = new TensorBlock(encoded, recon, 0, units);
            heldOut = new TensorBlock(recon, null, units, all - units);
        }
        else
        {
            var seen = Read(stem + HeldIn)!;
            window = seen.Shape[1];
            var hidden = Read($"{stem}_spikes_heldout", seen.Shape[0], window);
            var (forward, hiddenForward) = (Read($"{stem}{HeldIn}_forward", seen.Shape[0]), Read($"{stem}_spikes_heldout_forward", seen.Shape[0]));
            heldIn = new TensorBlock(seen, forward, 0, seen.Shape[2]) { IsBehind = true };
            heldOut = hidden is null ? new TensorBlock(seen, null, 0, 0) : new TensorBlock(hidden, hiddenForward, 0, hidden.Shape[2]) { IsBehind = true };
            foreach (var (one, of) in new[] { (forward, seen), (hiddenForward, hidden) })
            {
                if (one is not null && of is not null && one.Shape[2] != of.Shape[2])
                {
                    throw new InputException($"{_path}: '{one.Name}' has {one.Shape[2]} units where '{of.Name}' has {of.Shape[2]}; write them of the same units.");
                }
            }
        }

        var trials = heldIn.First.Shape[0];
        var bins = Math.Max(heldIn.Bins, heldOut.Bins);
        var inputs = Read($"{stem}_ext_input", trials);
        return new TensorPart(stem, split, trials, window, bins, heldIn, heldOut)
        {
            Behaviour = Read($"{stem}_behavior", trials),
            Inputs = inputs,
            Rates = Read($"{stem}_truth", trials),
            Conditions = ConditionsOf(stem, trials),
            Labels = [.. LabelsOf(stem, trials)],
        };
    }

    /// <summary>What inference sees must be what is to be reconstructed, where it is the same bins and units.</summary>
    private void RequireSame(string stem, ArrayView encoded, ArrayView recon)
    {
        var different = 0L;
        for (var trial = 0; trial < encoded.Shape[0] && !ReferenceEquals(encoded, recon); trial++)
        {
            for (var bin = 0; bin < encoded.Shape[1]; bin++)
            {
                for (var unit = 0; unit < encoded.Shape[2]; unit++)
                {
                    different += encoded[trial, bin, unit].Equals(recon[trial, bin, unit]) ? 0 : 1;
                }
            }
        }

        if (different > 0)
        {
            remarks.Add($"{_path}: {different} entries of '{stem}{Encoded}' differ from those of '{stem}_recon_data'; the former are taken.");
        }
    }

    /// <summary>The condition of each trial, by the lists of trials of each condition.</summary>
    private double[]? ConditionsOf(string stem, int trials)
    {
        var path = $"{group}/{stem}_cond_idx";
        if (!archive.ContainsTable(path))
        {
            return null;
        }

        int[][] lists;
        if (archive.ShapeOf(path) is [var length] && StoredNumbers.IsWhole(archive.TypeOf(path)))
        {
            var numbers = archive.ReadInts(path, length).Values;
            if (length != trials)
            {
                remarks.Add($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' has {length} entries for {trials} trials and is left out.");
                return null;
            }

            return Array.ConvertAll(numbers, number => (double)number);
        }

        lists = archive.ReadLists(path);
        var conditions = Enumerable.Repeat(-1.0, trials).ToArray();
        for (var condition = 0; condition < lists.Length; condition++)
        {
            foreach (var trial in lists[condition])
            {
                conditions[trial >= 0 && trial < trials ? trial : throw new InputException($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' names trial {trial} of {trials}; correct it.")] = condition;
            }
        }

        if (Array.IndexOf(conditions, -1) >= 0)
        {
            remarks.Add($"{_path}: {conditions.Count(condition => condition < 0)} trials of '{stem}' are in no list of '{Hdf5ArchiveReader.Rooted(path)}'; conditions of this part are left out.");
            return null;
        }

        return conditions;
    }

    private IEnumerable<(string Name, double[] Values)> LabelsOf(string stem, int trials)
    {
        foreach (var name in (string[])["decode_mask", "jitter"])
        {
            if (Table($"{stem}_{name}") is not { } path)
            {
                continue;
            }

            var shape = archive.ShapeOf(path);
            if (shape.Count is not (1 or 2) || shape[0] != trials)
            {
                remarks.Add($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' of {Messages.Shape(shape)} is not one a trial and is left out.");
                continue;
            }

            var columns = shape.Count == 1 ? 1 : shape[1];
            if (columns > MostLabels)
            {
                remarks.Add($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' has {columns} labels a trial, more than {MostLabels}, and is left out.");
                continue;
            }

            var (_, values) = archive.ReadDoubles(path);
            for (var column = 0; column < columns; column++)
            {
                yield return (columns == 1 ? name : $"{name}_{column}", [.. Enumerable.Range(0, trials).Select(trial => values[(trial * columns) + column])]);
            }
        }
    }

    private string? Table(string name) => archive.ContainsTable($"{group}/{name}") ? $"{group}/{name}" : null;

    /// <summary>An array of trials x bins x channels, each of which may have to be so long; null where there is none.</summary>
    private ArrayView? Read(string name, int trials = -1, int bins = -1)
    {
        if (Table(name) is not { } path)
        {
            return null;
        }

        var (shape, stored) = archive.ReadStored(path, trials, bins, -1);
        return shape.Contains(0)
            ? throw new InputException($"{_path}: '{Hdf5ArchiveReader.Rooted(path)}' of shape {Messages.Shape(shape)} is empty; give trials x bins x channels.")
            : ArrayView.Of(new NumberNode(null, name, null, [.. shape], "", isColumnMajor: false, () => stored));
    }
}

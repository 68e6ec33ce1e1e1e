using System.Globalization;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>A trial to be: some bins of a stretch of a session, or of a trial of the file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Stretch">Index of the stretch.</param>
/// <param name="First">First bin, counted in the stretch.</param>
/// <param name="Bins">Number of bins.</param>
/// <param name="Split">What it is for.</param>
internal sealed record TrialCut(string Name, int Stretch, int First, int Bins, TrialSplit Split);

/// <summary>Cuts sessions into trials and chunks, and shares them out to training, validation and testing. No trial reaches over a pause.</summary>
internal static class SessionCut
{
    /// <summary>Bins that a trial needs at least; a shorter rest at the end of a part is left out.</summary>
    public const int ShortestTrial = 10;

    /// <summary>
    /// Cuts a continuous session in time. A bin that a boundary between parts would cut goes to the earlier part: 15,536 bins of which 80 % are for training give
    /// 12,429 and leave 3,107.
    /// </summary>
    /// <param name="path">What to call the session in a message.</param>
    /// <param name="options">Shares and chunks.</param>
    /// <param name="stretches">Bins of each stretch without a pause.</param>
    /// <param name="binWidth">In seconds.</param>
    public static List<TrialCut> OfSession(string path, ImportOptions options, IReadOnlyList<int> stretches, double binWidth)
    {
        var bins = stretches.Sum();
        var (trainShare, validationShare) = Shares(options);
        var trainEnd = Boundary(trainShare, bins);
        var validationEnd = Boundary(trainShare + validationShare, bins);
        var chunk = ChunkBins(path, options, binWidth);
        var isCut = chunk is not null;
        var trials = new List<TrialCut>();
        AddPart(trials, stretches, 0, trainEnd, chunk, isCut ? "chunk" : "train", TrialSplit.Train);
        if (trials.Count > 1)
        {
            Validate(trials, options);
        }

        AddPart(trials, stretches, trainEnd, validationEnd, chunk, isCut ? "chunk" : "validation", TrialSplit.Validation);
        AddPart(trials, stretches, validationEnd, bins, options.ChunkTest ? chunk : null, "test", TrialSplit.Test);
        if (validationShare > 0 && validationEnd - trainEnd < ShortestTrial)
        {
            throw new InputException(
                $"{path}: the validation part of {validationEnd - trainEnd} bins is shorter than a trial of {ShortestTrial}; give it a larger share, or none.");
        }

        return trials.Exists(trial => trial.Split == TrialSplit.Train)
            ? trials
            : throw new InputException($"{path}: the training part of {trainEnd} bins is shorter than a trial of {ShortestTrial}; give it a larger share.");
    }

    /// <summary>Shares out the trials of a file, in their order; chunks are cut within trials.</summary>
    /// <param name="path">What to call the session in a message.</param>
    /// <param name="options">Shares and chunks.</param>
    /// <param name="lengths">Bins of each trial.</param>
    /// <param name="binWidth">In seconds.</param>
    public static List<TrialCut> OfTrials(string path, ImportOptions options, IReadOnlyList<int> lengths, double binWidth)
    {
        var (trainShare, validationShare) = Shares(options);
        var trainEnd = Boundary(trainShare, lengths.Count);
        var validationEnd = Boundary(trainShare + validationShare, lengths.Count);
        var digits = Math.Max(3, $"{lengths.Count - 1}".Length);
        List<TrialCut> whole =
        [
            .. lengths.Select((bins, i) => new TrialCut(
                $"trial-{i.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}",
                i,
                0,
                bins,
                i < trainEnd ? TrialSplit.Train : i < validationEnd ? TrialSplit.Validation : TrialSplit.Test)),
        ];
        Validate(whole, options);
        if (ChunkBins(path, options, binWidth) is not { } chunk)
        {
            return whole;
        }

        List<TrialCut> trials = [.. whole.SelectMany(trial => trial.Split == TrialSplit.Test && !options.ChunkTest ? [trial] : Chunks(trial, chunk))];
        return trials.Exists(trial => trial.Split == TrialSplit.Train)
            ? trials
            : throw new InputException($"{path}: no trial for training has {ShortestTrial} bins; leave the chunks out.");
    }

    private static IEnumerable<TrialCut> Chunks(TrialCut trial, int chunk)
    {
        for (var (first, number) = (0, 0); trial.Bins - first >= ShortestTrial; first += chunk, number++)
        {
            yield return trial with { Name = string.Create(CultureInfo.InvariantCulture, $"{trial.Name}-{number}"), First = first, Bins = Math.Min(chunk, trial.Bins - first) };
        }
    }

    private static (double Train, double Validation) Shares(ImportOptions options) =>
        (options.TrainFraction ?? ImportOptions.DefaultTrainFraction, options.ValidationFraction ?? 0);

    /// <summary>Where no share is for validation, takes some from the training part.</summary>
    private static void Validate(List<TrialCut> trials, ImportOptions options)
    {
        var every = options.ValidationEvery ?? ImportOptions.DefaultValidationEvery;
        if ((options.ValidationFraction ?? 0) != 0 || every == 0)
        {
            return;
        }

        for (var i = every / 2; i < trials.Count && trials[i].Split == TrialSplit.Train; i += every)
        {
            trials[i] = trials[i] with { Split = TrialSplit.Validation };
        }
    }

    private static int? ChunkBins(string path, ImportOptions options, double binWidth)
    {
        if (options.ChunkSeconds is not { } seconds)
        {
            return null;
        }

        var bins = Math.Round(seconds / binWidth);
        return bins >= ShortestTrial
            ? (int)Math.Min(bins, 1 << 30)
            : throw new InputException($"{path}: chunks of {seconds} s have {bins} bins of {binWidth} s; make them {ShortestTrial} bins or longer.");
    }

    private static int Boundary(double fraction, int count) => (int)Math.Min(count, Math.Ceiling((fraction * count) - 1e-6));

    /// <summary>Adds the bins from a start to an end, counted over all stretches.</summary>
    private static void AddPart(List<TrialCut> trials, IReadOnlyList<int> stretches, int start, int end, int? chunk, string stem, TrialSplit split)
    {
        var pieces = new List<TrialCut>();
        for (var (stretch, offset) = (0, 0); stretch < stretches.Count; offset += stretches[stretch], stretch++)
        {
            var (first, last) = (Math.Max(start, offset), Math.Min(end, offset + stretches[stretch]));
            var length = chunk ?? Math.Max(ShortestTrial, last - first);
            for (; last - first >= ShortestTrial; first += length)
            {
                pieces.Add(new TrialCut("", stretch, first - offset, Math.Min(length, last - first), split));
            }
        }

        // Chunks for validation are numbered on from those for training.
        var number = trials.Count(trial => trial.Name.StartsWith(stem + "-", StringComparison.Ordinal));
        var isNumbered = chunk is not null || pieces.Count > 1;
        trials.AddRange(pieces.Select(piece => piece with { Name = isNumbered ? string.Create(CultureInfo.InvariantCulture, $"{stem}-{number++:D3}") : stem }));
    }
}

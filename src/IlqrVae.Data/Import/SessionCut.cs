using System.Globalization;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>A trial to be: some bins of a stretch of a session, or of a trial of the file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Stretch">Index of the stretch.</param>
/// <param name="First">First bin, counted in the stretch.</param>
/// <param name="Bins">Number of bins.</param>
/// <param name="Split">What it is for.</param>
internal sealed record TrialCut(string Name, int Stretch, int First, int Bins, TrialSplit Split);

/// <summary>A trial of a file that is to be shared out.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bins">Number of bins.</param>
/// <param name="Start">When it starts, in seconds.</param>
/// <param name="Split">What it is for, where the file says so.</param>
internal sealed record TrialPiece(string Name, int Bins, double Start, TrialSplit? Split = null);

/// <summary>Cuts sessions into trials and chunks, and shares them out to training, validation and testing. No trial reaches over a pause.</summary>
internal static class SessionCut
{
    /// <summary>Bins that a trial needs at least; a shorter rest at the end of a part is left out.</summary>
    public const int ShortestTrial = 10;

    private const int MostBlocks = 1 << 20;

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
        var trials = new List<TrialCut>();
        if (options.SplitSeed is { } seed)
        {
            if (chunk is null)
            {
                throw new InputException($"{path}: a session in one piece cannot be shared out at random; cut it with --chunk SECONDS, or leave --split-seed out.");
            }

            AddPart(trials, stretches, 0, bins, chunk, "chunk", TrialSplit.Train);
            ShareOut(trials, RandomSplits(trials.Count, options, seed));
            Validate(trials, options);
        }
        else if (BlockBins(path, options, binWidth) is { } block)
        {
            var splits = SpreadSplits(((bins - 1) / block) + 1, options);
            for (var i = 0; i < splits.Length; i++)
            {
                var isCut = splits[i] != TrialSplit.Test || options.ChunkTest;
                AddPart(trials, stretches, i * block, (int)Math.Min(bins, (i + 1L) * block), isCut ? chunk ?? (int.MaxValue, int.MaxValue) : (int.MaxValue, int.MaxValue), chunk is null ? "block" : "chunk", splits[i]);
            }

            Validate(trials, options);
        }
        else
        {
            var isCut = chunk is not null;
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
        }

        trials = chunk is { } length && length.Step < length.Bins ? Apart(trials) : trials;
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
        var digits = Math.Max(3, $"{lengths.Count - 1}".Length);
        var first = 0L;
        var pieces = new List<TrialPiece>(lengths.Count);
        foreach (var bins in lengths)
        {
            pieces.Add(new TrialPiece($"trial-{pieces.Count.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}", bins, first * binWidth));
            first += bins;
        }

        return OfTrials(path, options, pieces, binWidth);
    }

    /// <summary>Shares out trials: as they say themselves, at random, by blocks of time, or by shares in their order; chunks are cut within trials.</summary>
    /// <param name="path">What to call the session in a message.</param>
    /// <param name="options">Shares and chunks.</param>
    /// <param name="pieces">The trials.</param>
    /// <param name="binWidth">In seconds.</param>
    public static List<TrialCut> OfTrials(string path, ImportOptions options, IReadOnlyList<TrialPiece> pieces, double binWidth)
    {
        var (trainShare, validationShare) = Shares(options);
        var trainEnd = Boundary(trainShare, pieces.Count);
        var validationEnd = Boundary(trainShare + validationShare, pieces.Count);
        List<TrialCut> whole =
        [
            .. pieces.Select((piece, i) => new TrialCut(
                piece.Name, i, 0, piece.Bins, piece.Split ?? (i < trainEnd ? TrialSplit.Train : i < validationEnd ? TrialSplit.Validation : TrialSplit.Test))),
        ];
        if (pieces.All(piece => piece.Split is null))
        {
            if (options.SplitSeed is { } seed)
            {
                ShareOut(whole, RandomSplits(whole.Count, options, seed));
            }
            else if (options.SplitBlockSeconds is { } seconds)
            {
                var origin = pieces.Min(piece => piece.Start);
                var blocks = pieces.Select(piece => Math.Floor((piece.Start - origin) / seconds)).ToList();
                var count = blocks.Max() + 1;
                var splits = SpreadSplits(count <= MostBlocks ? (int)count : throw new InputException($"{path}: blocks of {seconds} s cut the session into {count} parts; make them longer."), options);
                ShareOut(whole, [.. blocks.Select(block => splits[(int)block])]);
            }
        }

        if (!whole.Exists(trial => trial.Split == TrialSplit.Validation))
        {
            Validate(whole, options);
        }

        if (ChunkBins(path, options, binWidth) is not { } chunk)
        {
            return whole;
        }

        List<TrialCut> trials = [.. whole.SelectMany(trial => trial.Split == TrialSplit.Test && !options.ChunkTest ? [trial] : Chunks(trial, chunk))];
        return trials.Exists(trial => trial.Split == TrialSplit.Train) || !whole.Exists(trial => trial.Split == TrialSplit.Train)
            ? trials
            : throw new InputException($"{path}: no trial for training has {ShortestTrial} bins; leave the chunks out.");
    }

    private static IEnumerable<TrialCut> Chunks(TrialCut trial, (int Bins, int Step) chunk)
    {
        var number = 0;
        foreach (var (first, bins) in Pieces(0, trial.Bins, chunk))
        {
            yield return trial with { Name = string.Create(CultureInfo.InvariantCulture, $"{trial.Name}-{number++}"), First = first, Bins = bins };
        }
    }

    /// <summary>Pieces of a length, each so many bins behind the one before; a rest that is not worth a trial, or lies in the last piece, is left out.</summary>
    private static IEnumerable<(int First, int Bins)> Pieces(int first, int end, (int Bins, int Step) chunk)
    {
        while (end - first >= ShortestTrial)
        {
            var bins = Math.Min(chunk.Bins, end - first);
            yield return (first, bins);
            first = first + bins == end ? end : first + chunk.Step;
        }
    }

    private static (double Train, double Validation) Shares(ImportOptions options) =>
        (options.TrainFraction ?? ImportOptions.DefaultTrainFraction, options.ValidationFraction ?? 0);

    /// <summary>As many of each split as the shares say, in an order drawn at random.</summary>
    private static TrialSplit[] RandomSplits(int count, ImportOptions options, ulong seed)
    {
        var (train, validation) = Shares(options);
        var (trainEnd, validationEnd) = (Boundary(train, count), Boundary(train + validation, count));
        int[] order = [.. Enumerable.Range(0, count)];
        var random = new CounterRandom(seed, RandomStreams.ImportedSplits);
        random.Shuffle(order);
        var splits = new TrialSplit[count];
        for (var place = 0; place < count; place++)
        {
            splits[order[place]] = place < trainEnd ? TrialSplit.Train : place < validationEnd ? TrialSplit.Validation : TrialSplit.Test;
        }

        return splits;
    }

    /// <summary>Splits of blocks such that at every moment of the session each has had about its share.</summary>
    private static TrialSplit[] SpreadSplits(int blocks, ImportOptions options)
    {
        var (train, validation) = Shares(options);
        double[] shares = [train, validation, Math.Max(0, 1 - train - validation)];
        var given = new int[shares.Length];
        var splits = new TrialSplit[blocks];
        for (var i = 0; i < blocks; i++)
        {
            var most = 0;
            for (var split = 1; split < shares.Length; split++)
            {
                most = (shares[split] * (i + 1)) - given[split] > (shares[most] * (i + 1)) - given[most] + 1e-9 ? split : most;
            }

            given[most]++;
            splits[i] = (TrialSplit)most;
        }

        return splits;
    }

    private static void ShareOut(List<TrialCut> trials, TrialSplit[] splits)
    {
        for (var i = 0; i < trials.Count; i++)
        {
            trials[i] = trials[i] with { Split = splits[i] };
        }
    }

    /// <summary>
    /// Where chunks overlap, what a chunk for training shares with one for validation or testing is cut off it, and off one for validation what it shares with one for testing; what
    /// is then shorter than a trial goes.
    /// </summary>
    private static List<TrialCut> Apart(List<TrialCut> trials)
    {
        var inOrder = trials.OrderBy(trial => trial.Stretch).ThenBy(trial => trial.First).ToList();

        // What is before a trial and reaches farthest, and what begins next behind it, of splits above its own: found in one pass each, for the rest of a session may be uncut and overlap with none.
        var starts = new int[inOrder.Count];
        var reached = new int[3];
        for (var i = 0; i < inOrder.Count; i++)
        {
            var one = inOrder[i];
            if (i == 0 || inOrder[i - 1].Stretch != one.Stretch)
            {
                Array.Fill(reached, 0);
            }

            starts[i] = Math.Max(one.First, reached.Skip((int)one.Split + 1).DefaultIfEmpty(0).Max());
            reached[(int)one.Split] = Math.Max(reached[(int)one.Split], one.First + one.Bins);
        }

        var apart = new List<TrialCut>(trials.Count);
        var next = new int[3];
        for (var i = inOrder.Count - 1; i >= 0; i--)
        {
            var one = inOrder[i];
            if (i == inOrder.Count - 1 || inOrder[i + 1].Stretch != one.Stretch)
            {
                Array.Fill(next, int.MaxValue);
            }

            var end = Math.Min(one.First + one.Bins, next.Skip((int)one.Split + 1).DefaultIfEmpty(int.MaxValue).Min());
            next[(int)one.Split] = one.First;
            if (end - starts[i] >= ShortestTrial)
            {
                apart.Add(one with { First = starts[i], Bins = end - starts[i] });
            }
        }

        apart.Reverse();
        return apart;
    }

    /// <summary>Where no share is for validation, takes some from the training part.</summary>
    private static void Validate(List<TrialCut> trials, ImportOptions options)
    {
        var every = options.ValidationEvery ?? ImportOptions.DefaultValidationEvery;
        if ((options.ValidationFraction ?? 0) != 0 || every == 0)
        {
            return;
        }

        var training = Enumerable.Range(0, trials.Count).Where(i => trials[i].Split == TrialSplit.Train).ToList();
        for (var i = every / 2; i < training.Count; i += every)
        {
            trials[training[i]] = trials[training[i]] with { Split = TrialSplit.Validation };
        }
    }

    private static int? BlockBins(string path, ImportOptions options, double binWidth) => options.SplitBlockSeconds is { } seconds ? LengthInBins(path, "blocks", seconds, binWidth) : null;

    private static (int Bins, int Step)? ChunkBins(string path, ImportOptions options, double binWidth)
    {
        if (options.ChunkSeconds is not { } seconds)
        {
            return null;
        }

        var length = LengthInBins(path, "chunks", seconds, binWidth);
        var overlap = Math.Round((options.ChunkOverlapSeconds ?? 0) / binWidth);
        return overlap < length
            ? (length, length - (int)overlap)
            : throw new InputException($"{path}: chunks of {seconds} s cannot overlap by {options.ChunkOverlapSeconds} s; make the overlap shorter than a chunk.");
    }

    private static int LengthInBins(string path, string what, double seconds, double binWidth)
    {
        var bins = Math.Round(seconds / binWidth);
        return bins >= ShortestTrial
            ? (int)Math.Min(bins, 1 << 30)
            : throw new InputException($"{path}: {what} of {seconds} s have {bins} bins of {binWidth} s; make them {ShortestTrial} bins or longer.");
    }

    private static int Boundary(double fraction, int count) => (int)Math.Min(count, Math.Ceiling((fraction * count) - 1e-6));

    /// <summary>Adds the bins from a start to an end, counted over all stretches.</summary>
    private static void AddPart(List<TrialCut> trials, IReadOnlyList<int> stretches, int start, int end, (int Bins, int Step)? chunk, string stem, TrialSplit split)
    {
        var pieces = new List<TrialCut>();
        for (var (stretch, offset) = (0, 0); stretch < stretches.Count; offset += stretches[stretch], stretch++)
        {
            var (first, last) = (Math.Max(start, offset), Math.Min(end, offset + stretches[stretch]));
            pieces.AddRange(Pieces(first, last, chunk ?? (int.MaxValue, int.MaxValue)).Select(piece => new TrialCut("", stretch, piece.First - offset, piece.Bins, split)));
        }

        // Chunks for validation are numbered on from those for training.
        var number = trials.Count(trial => trial.Name.StartsWith(stem + "-", StringComparison.Ordinal));
        var isNumbered = chunk is not null || pieces.Count > 1;
        trials.AddRange(pieces.Select(piece => piece with { Name = isNumbered ? string.Create(CultureInfo.InvariantCulture, $"{stem}-{number++:D3}") : stem }));
    }
}

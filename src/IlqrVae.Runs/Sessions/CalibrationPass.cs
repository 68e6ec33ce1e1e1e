using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Runs.Sessions;

/// <summary>One analysis of trials to calibrate intervals by.</summary>
/// <param name="Fold">Which part of the entries of groups that are seen is missing besides; below 0 for none.</param>
/// <param name="Folds">Number of parts.</param>
/// <param name="Share">For each group the share of bins that is looked at: whole bins, since channels of one are computed together.</param>
/// <param name="WithTruth">Whether to look at true rates and values.</param>
/// <param name="TruthShare">The share of their bins that is looked at.</param>
/// <param name="UnitsPerTrial">Parts into which each trial is cut for cross-fitting.</param>
internal sealed record CalibrationPass(int Fold, int Folds, IReadOnlyList<double> Share, bool WithTruth, double TruthShare, int UnitsPerTrial)
{
    /// <summary>The entries of a trial that are missing in this pass, for names of groups; empty for none.</summary>
    public Dictionary<string, bool[]> Missing<T>(GenerativeModel<T> model, int bins, IReadOnlySet<string> hidden, ulong seed, ulong key)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var missing = new Dictionary<string, bool[]>(StringComparer.Ordinal);
        var random = new CounterRandom(seed, RandomStreams.CalibrationEntries, RandomStreams.Draw(key, 0));
        foreach (var likelihood in model.Likelihoods.Where(likelihood => Fold >= 0 && !hidden.Contains(likelihood.Group)))
        {
            var entries = new bool[bins * likelihood.ChannelCount];
            for (var i = 0; i < entries.Length; i++)
            {
                entries[i] = random.NextInt32(Folds) == Fold;
            }

            missing[likelihood.Group] = entries;
        }

        return missing;
    }

    /// <summary>Looks at a trial.</summary>
    public TrialSamples Samples<T>(
        GenerativeModel<T> model, ModelDescription description, Recording recording, Trial trial, int number, PosteriorSpread? spread, InferenceRequest request,
        Dictionary<string, bool[]> missing, ulong seed, ulong key)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var samples = new TrialSamples();
        for (var g = 0; spread is not null && g < model.Likelihoods.Count; g++)
        {
            Add(samples, model, recording, trial, number, spread, g, request, missing.GetValueOrDefault(model.Likelihoods[g].Group), seed, key);
            if (WithTruth && TruthTables.NameOf(description, trial, g) is { } name)
            {
                AddTruth(samples, name, spread.Standardise(model.Likelihoods[g], g, trial.Truth[name]), number, new CounterRandom(seed, RandomStreams.CalibrationEntries, RandomStreams.Draw(key, 1)));
            }
        }

        return samples;
    }

    private int UnitOf(int number, int bin, int bins) => (number * UnitsPerTrial) + (bin * UnitsPerTrial / bins);

    private void AddTruth(TrialSamples samples, string name, Table scores, int number, CounterRandom random)
    {
        for (var t = 0; t < scores.Bins; t++)
        {
            if (random.NextDouble() >= TruthShare)
            {
                continue;
            }

            foreach (var score in scores.Row(t))
            {
                samples.AddTruth(name, UnitOf(number, t, scores.Bins), score);
            }
        }
    }

    private void Add<T>(
        TrialSamples samples, GenerativeModel<T> model, Recording recording, Trial trial, int number, PosteriorSpread spread, int g, InferenceRequest request,
        bool[]? missing, ulong seed, ulong key)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var name = model.Likelihoods[g].Group;
        var index = recording.IndexOfGroup(name);
        if (index < 0)
        {
            return;
        }

        var isHidden = request.Hidden.Contains(name);
        var wanted = Fold >= 0 ? EntryCase.Missing : request.ForecastBins > 0 ? EntryCase.Forecast : EntryCase.Hidden;
        var observations = trial.Observations[index];
        var channels = observations.Channels;
        var entries = new PredictedEntries<T>(model.Likelihoods[g]);
        var places = new CounterRandom(seed, RandomStreams.RandomisedPlaces, RandomStreams.Draw(key, g));
        var choice = new CounterRandom(seed, RandomStreams.CalibrationEntries, RandomStreams.Draw(key, 2 + g));
        var taken = new List<(int Channel, EntryPlace Place)>();
        var (scores, logarithms) = (new double[channels], new double[channels]);
        for (var t = 0; t < trial.Bins; t++)
        {
            entries.Take(spread, g, observations, t, ref places);
            taken.Clear();
            var isChosen = choice.NextDouble() < Share[g];
            for (var c = 0; isChosen && c < channels; c++)
            {
                if (observations.IsObserved(t, c) && EntryPlace.Of(g, isHidden, trial.Bins, request.ForecastBins, t, missing?[(t * channels) + c] == true) is { } place && place.Case == wanted)
                {
                    taken.Add((c, place));
                }
            }

            if (taken.Count == 0)
            {
                continue;
            }

            var unit = UnitOf(number, t, trial.Bins);
            if (!entries.AreCounts)
            {
                foreach (var (c, place) in taken)
                {
                    var (residual, posterior, noise) = entries.Residual(c);
                    samples.At(place, false).AddValue(unit, residual, posterior, noise);
                }

                continue;
            }

            var found = taken.Select(_ => (Logarithms: new float[EntrySamples.Grid.Count], Scores: new float[EntrySamples.Grid.Count])).ToList();
            for (var k = 0; k < EntrySamples.Grid.Count; k++)
            {
                entries.Score(EntrySamples.Grid[k], 1, scores, logarithms);
                for (var i = 0; i < taken.Count; i++)
                {
                    (found[i].Logarithms[k], found[i].Scores[k]) = ((float)logarithms[taken[i].Channel], (float)scores[taken[i].Channel]);
                }
            }

            for (var i = 0; i < taken.Count; i++)
            {
                samples.At(taken[i].Place, true).AddCount(unit, found[i].Logarithms, found[i].Scores);
            }
        }
    }
}

/// <summary>What was looked at in a trial, or in several.</summary>
internal sealed class TrialSamples
{
    /// <summary>Entries that were not seen, by group, case and band of leads.</summary>
    public Dictionary<EntryPlace, EntrySamples> Entries { get; } = [];

    /// <summary>Distances of true rates and values from the posterior's centre, in its deviations, with the unit each belongs to.</summary>
    public Dictionary<string, List<(int Unit, float Score)>> Truth { get; } = new(StringComparer.Ordinal);

    /// <summary>Forecasts of 1, 2 to 3, 4 to 7, 8 to 15 bins ahead and so on are taken together.</summary>
    public static int BandOf(int lead) => lead == 0 ? 0 : 1 << BitOperations.Log2((uint)lead);

    /// <summary>Where to put an entry.</summary>
    public EntrySamples At(EntryPlace place, bool areCounts)
    {
        var key = place with { Lead = BandOf(place.Lead) };
        if (!Entries.TryGetValue(key, out var samples))
        {
            Entries[key] = samples = new EntrySamples(areCounts);
        }

        return samples;
    }

    /// <summary>Adds a distance of something true.</summary>
    public void AddTruth(string name, int unit, double score)
    {
        if (!Truth.TryGetValue(name, out var scores))
        {
            Truth[name] = scores = [];
        }

        scores.Add((unit, (float)score));
    }

    /// <summary>Writes it.</summary>
    public void Write(BinaryWriter to)
    {
        TrialFinding.WriteAll(to, [.. Entries], pair =>
        {
            to.Write(pair.Key.Group);
            to.Write((int)pair.Key.Case);
            to.Write(pair.Key.Lead);
            pair.Value.Write(to);
        });
        TrialFinding.WriteAll(to, [.. Truth], pair =>
        {
            to.Write(pair.Key);
            TrialFinding.Write<(int, float)>(to, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pair.Value));
        });
    }

    /// <summary>Reads one.</summary>
    public static TrialSamples Read(BinaryReader from)
    {
        var samples = new TrialSamples();
        foreach (var (place, entries) in TrialFinding.ReadAll(from, () => (new EntryPlace(from.ReadInt32(), (EntryCase)from.ReadInt32(), from.ReadInt32()), EntrySamples.Read(from))))
        {
            samples.Entries[place] = entries;
        }

        foreach (var (name, scores) in TrialFinding.ReadAll(from, () => (from.ReadString(), TrialFinding.ReadNumbers<(int, float)>(from))))
        {
            samples.Truth[name] = [.. scores];
        }

        return samples;
    }

    /// <summary>Adds what another holds.</summary>
    public void Add(TrialSamples other)
    {
        foreach (var (place, samples) in other.Entries)
        {
            if (Entries.TryGetValue(place, out var own))
            {
                own.Add(samples);
            }
            else
            {
                Entries[place] = samples;
            }
        }

        foreach (var (name, scores) in other.Truth)
        {
            if (!Truth.TryGetValue(name, out var own))
            {
                Truth[name] = own = [];
            }

            own.AddRange(scores);
        }
    }
}

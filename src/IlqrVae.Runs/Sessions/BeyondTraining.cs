using IlqrVae.Inference;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Sessions;

/// <summary>
/// Inferred rates and values far from whatever came up in the training trials. Nothing has taught the model what channels do there: with an exponential link a
/// state a little outside of where it was in training can mean rates of a million Hz. Long trials get there, and bins where a recording was cut; hidden channels
/// show it, since nothing holds them.
/// </summary>
public static class BeyondTraining
{
    /// <summary>
    /// Standard deviations from the mean over training bins that no training bin can have been at in more than one of four hundred cases, whatever the
    /// distribution (Chebyshev), and hardly any is.
    /// </summary>
    private const double Deviations = 20;

    /// <summary>And counts: a neuron that was all but silent in training has no deviation to speak of.</summary>
    private const double Counts = 10;

    private const int ChannelsNamed = 5;

    /// <summary>One sentence for each trial that has such bins.</summary>
    /// <param name="description">The model, which knows means and deviations of its training trials; nothing is said where it does not.</param>
    /// <param name="estimates">What was inferred.</param>
    public static IEnumerable<string> Remarks(ModelDescription description, IEnumerable<TrialEstimate> estimates)
        => description.Recording.Seconds > 0 ? estimates.Select(estimate => Remark(description, estimate)).OfType<string>() : [];

    private static string? Remark(ModelDescription description, TrialEstimate estimate)
    {
        // Where only intervals are wanted, means are not kept.
        if (estimate.Means.Count == 0)
        {
            return null;
        }

        var bins = new SortedSet<int>();
        var channels = new List<string>();
        for (var g = 0; g < description.Groups.Count; g++)
        {
            var (group, means) = (description.Recording.Groups[g], estimate.Means[g]);
            var unit = description.IsRate(g) ? description.BinWidth : 1;
            for (var c = 0; c < means.Columns; c++)
            {
                var farthest = -1;
                var distance = (Deviations * Math.Sqrt(group.Variance[c])) + (description.IsRate(g) ? Counts : 0);
                for (var t = 0; t < means.Bins; t++)
                {
                    var from = Math.Abs((means[t, c] * unit) - group.Mean[c]);
                    if (from > distance)
                    {
                        bins.Add(t);
                        farthest = farthest < 0 || from > Math.Abs((means[farthest, c] * unit) - group.Mean[c]) ? t : farthest;
                    }
                }

                if (farthest >= 0)
                {
                    var name = group.Group.ChannelNames?[c] ?? (c + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
                    var word = description.IsRate(g) ? "Hz" : group.Group.Unit;
                    channels.Add($"{group.Group.Name} {name} ({Number(means[farthest, c])}{(word.Length > 0 ? " " : "")}{word} in bin {farthest}, {Number(group.Mean[c] / unit)} on average in training)");
                }
            }
        }

        if (channels.Count == 0)
        {
            return null;
        }

        var more = channels.Count > ChannelsNamed ? $" and {channels.Count - ChannelsNamed} more" : "";
        return $"trial '{estimate.Name}': in {bins.Count} {(bins.Count == 1 ? "bin" : "bins")} what is inferred is far from anything in the training trials, so that neither it nor scores of it are to be trusted: {string.Join(", ", channels.Take(ChannelsNamed))}{more}.";
    }

    private static string Number(double value) => Wording.Number(value, "G3");
}

using IlqrVae.Numerics;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Tests.Training;

public sealed class HidingRuleTests
{
    private const int Bins = 40;
    private static readonly (string Name, int Channels)[] Groups = [("spikes", 7), ("held-out", 3), ("velocity", 2)];

    [Fact]
    public void Groups_are_hidden_wholly_and_together()
    {
        var (turns, both) = (0, 0);
        foreach (var entries in Turns(new GroupHiding { Of = ["held-out", "velocity"], Probability = 0.5 }, 400))
        {
            Assert.Equal(0, Share(entries, 0));
            Assert.Equal(Share(entries, 1), Share(entries, 2));
            Assert.True(Share(entries, 1) is 0 or 1);
            Assert.Equal(Share(entries, 1) == 1 ? 0b110 : 0, entries.HiddenGroups());
            (turns, both) = (turns + 1, both + (int)Share(entries, 1));
        }

        Assert.Equal(400, turns);
        Assert.InRange(both, 160, 240);
    }

    [Fact]
    public void Channels_are_hidden_in_all_bins_and_each_by_itself()
    {
        var hidden = new int[7];
        foreach (var entries in Turns(new ChannelHiding { Of = ["spikes"], Share = 0.25 }, 600))
        {
            Assert.Equal(0, Share(entries, 1) + Share(entries, 2));
            for (var i = 0; i < 7; i++)
            {
                var marked = Enumerable.Range(0, Bins).Count(t => entries.Of(0)[(t * 7) + i]);
                Assert.True(marked is 0 or Bins);
                hidden[i] += marked / Bins;
            }
        }

        Assert.All(hidden, count => Assert.InRange(count, 105, 195));
    }

    [Fact]
    public void Entries_are_hidden_each_by_itself_in_every_group()
    {
        var shares = new double[3];
        foreach (var entries in Turns(new EntryHiding { Share = 0.2 }, 100))
        {
            for (var g = 0; g < 3; g++)
            {
                shares[g] += Share(entries, g) / 100;
            }
        }

        Assert.All(shares, share => Assert.InRange(share, 0.18, 0.22));
    }

    [Fact]
    public void A_run_of_bins_lies_anywhere_and_is_the_same_in_all_groups()
    {
        var firsts = new HashSet<int>();
        foreach (var entries in Turns(new BinHiding { Of = ["spikes", "velocity"], Bins = 15 }, 300))
        {
            var bins = Marked(entries, 0);
            Assert.Equal(Enumerable.Range(bins[0], 15), bins);
            Assert.Equal(bins, Marked(entries, 2));
            Assert.Empty(Marked(entries, 1));
            firsts.Add(bins[0]);
        }

        Assert.Equal(Enumerable.Range(0, Bins - 15 + 1), firsts.Order());
    }

    [Fact]
    public void The_end_is_hidden_but_never_the_first_bin()
    {
        var entries = Turns(new EndHiding { Bins = 5 }, 1).Single();
        Assert.All(Enumerable.Range(0, 3), g => Assert.Equal(Enumerable.Range(35, 5), Marked(entries, g)));
        entries = Turns(new EndHiding { Bins = 900 }, 1).Single();
        Assert.Equal(Enumerable.Range(1, Bins - 1), Marked(entries, 0));
        entries = Turns(new BinHiding { Bins = 900 }, 1).Single();
        Assert.Equal(Enumerable.Range(0, Bins), Marked(entries, 0));
    }

    [Fact]
    public void A_rule_applies_as_often_as_it_says_and_rules_add_up()
    {
        var applied = Turns(new EndHiding { Bins = 5, Probability = 0.3 }, 1000).Count(entries => Share(entries, 0) > 0);
        Assert.InRange(applied, 250, 350);

        var room = new HiddenEntries(Groups, Bins);
        room.Begin(Bins);
        var random = new CounterRandom(1, 2, 3);
        new GroupHiding { Of = ["velocity"] }.Draw(ref random, room);
        new EndHiding { Of = ["spikes"], Bins = 4 }.Draw(ref random, room);
        Assert.Equal(1, Share(room, 2));
        Assert.Equal(Enumerable.Range(36, 4), Marked(room, 0));

        // A shorter trial after it begins with nothing hidden.
        room.Begin(3);
        Assert.All(Enumerable.Range(0, 3), g => Assert.Equal(0, Share(room, g)));
    }

    private static IEnumerable<HiddenEntries> Turns(HidingRule rule, int count)
    {
        var entries = new HiddenEntries(Groups, Bins + 5);
        for (var i = 0; i < count; i++)
        {
            entries.Begin(Bins);
            var random = new CounterRandom(1, RandomStreams.Hiding(i), 4);
            rule.Draw(ref random, entries);
            yield return entries;
        }
    }

    private static double Share(HiddenEntries entries, int group) => (double)entries.Of(group).Count(true) / entries.Of(group).Length;

    /// <summary>Bins of a group that are hidden in all its channels; none is hidden in some only.</summary>
    private static List<int> Marked(HiddenEntries entries, int group)
    {
        var bins = new List<int>();
        for (var t = 0; t < entries.Bins; t++)
        {
            var row = entries.Of(group).Slice(t * entries.Channels(group), entries.Channels(group));
            Assert.Equal(row[0], !row.Contains(!row[0]) && row[0]);
            if (row[0])
            {
                bins.Add(t);
            }
        }

        return bins;
    }
}

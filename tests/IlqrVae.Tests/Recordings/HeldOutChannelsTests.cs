using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Tests.Recordings;

public sealed class HeldOutChannelsTests
{
    [Theory]
    [InlineData(7, 1)]
    [InlineData(7, 3)]
    [InlineData(7, 6)]
    [InlineData(12, 6)]
    public void Every_channel_is_in_one_of_the_two_groups_with_its_counts_and_true_rates(int channels, int count)
    {
        var recording = Named(Simulations.Lorenz(LorenzOptions.Spiking with { Channels = channels, Trials = 2, TestTrials = 1, Bins = 5 }));
        var split = HeldOutChannels.Split(recording, count);
        split.Validate("the test");
        Assert.Equal([channels - count, count], split.Groups.Select(group => group.Channels));
        Assert.Equal(HeldOutChannels.GroupName, split.Groups[1].Name);
        var names = split.Groups[0].ChannelNames!.Concat(split.Groups[1].ChannelNames!).ToList();
        Assert.True(recording.Groups[0].ChannelNames!.ToHashSet(StringComparer.Ordinal).SetEquals(names));

        // Spread over the population: no two neighbouring held-out channels are further apart than three equal parts.
        var places = split.Groups[1].ChannelNames!.Select(name => recording.Groups[0].ChannelNames!.ToList().IndexOf(name)).ToList();
        Assert.All(places.Zip(places.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, Math.Ceiling((double)channels / count)));
        for (var k = 0; k < recording.Trials.Count; k++)
        {
            var (before, after) = (recording.Trials[k], split.Trials[k]);
            Assert.Equal((before.Name, before.Bins, before.Split, before.Session), (after.Name, after.Bins, after.Split, after.Session));
            for (var c = 0; c < channels; c++)
            {
                var from = recording.Groups[0].ChannelNames!.ToList().IndexOf(names[c]);
                var (group, column) = c < channels - count ? (0, c) : (1, c - (channels - count));
                for (var t = 0; t < before.Bins; t++)
                {
                    Assert.Equal(before.Observations[0][t, from], after.Observations[group][t, column]);
                    Assert.Equal(before.Observations[0].IsObserved(t, from), after.Observations[group].IsObserved(t, column));
                    Assert.Equal(before.Truth["rates"][t, from], after.Truth[group == 0 ? "rates" : "rates.held-out"][t, column]);
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void At_least_one_channel_moves_and_one_stays(int count)
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 7, Trials = 1, Bins = 5 });
        Assert.Contains("from 1 to 6", Assert.Throws<InputException>(() => HeldOutChannels.Split(recording, count)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_alone_or_channels_held_out_already_are_refused()
    {
        Assert.Throws<InputException>(() => HeldOutChannels.Split(Simulations.Lorenz(new LorenzOptions { Trials = 1, Bins = 5 }), 1));
        var once = HeldOutChannels.Split(Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 7, Trials = 1, Bins = 5 }), 2);
        Assert.Contains("already", Assert.Throws<InputException>(() => HeldOutChannels.Split(once, 1)).Message, StringComparison.Ordinal);
    }

    /// <summary>With names of channels, and with entries missing here and there.</summary>
    private static Recording Named(Recording recording)
    {
        var group = recording.Groups[0];
        return recording with
        {
            Groups = [group with { ChannelNames = [.. Enumerable.Range(0, group.Channels).Select(channel => $"unit {channel}")] }],
            Trials = [.. recording.Trials.Select((trial, k) => trial with { Session = $"day {k}", Observations = [trial.Observations[0].Hide((bin, channel) => ((bin * group.Channels) + channel + k) % 5 == 0)] })],
        };
    }
}

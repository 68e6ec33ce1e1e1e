using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Tests.Recordings;

public sealed class JoinedSessionsTests
{
    [Fact]
    public void Trials_of_a_session_have_its_channels_and_none_of_the_others()
    {
        Session[] sessions = [new("a", Draw(1, 4)), new("b", Draw(2, 6))];
        var joined = JoinedSessions.Of(sessions, ["behaviour"]);
        joined.Validate("the test");
        Assert.Equal<string>(["spikes@a", "behaviour", "spikes@b"], [.. joined.Groups.Select(group => group.Name)], StringComparer.Ordinal);
        Assert.Equal([4, 2, 6], joined.Groups.Select(group => group.Channels));
        var k = 0;
        foreach (var session in sessions)
        {
            foreach (var before in session.Recording.Trials)
            {
                var after = joined.Trials[k++];
                Assert.Equal(($"{session.Name}/{before.Name}", session.Name, before.Split, before.Bins), (after.Name, after.Session, after.Split, after.Bins));
                var (own, other) = session.Name == "a" ? (0, 2) : (2, 0);
                Assert.Same(before.Observations[0], after.Observations[own]);
                Assert.Same(before.Observations[1], after.Observations[1]);
                Assert.Equal((0L, before.Bins, joined.Groups[other].Channels), (after.Observations[other].ObservedCount, after.Observations[other].Bins, after.Observations[other].Channels));
                Assert.Equal(before.Truth["rates"].Values, after.Truth[$"rates.spikes@{session.Name}"].Values);
                Assert.Equal(before.Truth["states"].Values, after.Truth["states"].Values);
            }
        }

        Assert.Equal(joined.Trials.Count, k);
    }

    [Fact]
    public void What_is_missing_takes_no_memory_and_keeps_its_shape()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var kept = new List<Observations>();
        for (var i = 0; i < 100; i++)
        {
            kept.Add(Observations.Missing(1000, 100));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
        var small = Observations.Missing(3, 2);
        Assert.Equal(0, kept[0].ObservedCount + small.ObservedCount);
        Assert.Equal(6, small.ToMask()!.Length);
        Assert.Equal(6, small.ToTable().Values.Length);
        Assert.Equal(0, small.Hide((_, _) => false).ObservedCount);
        Assert.Equal((2, 1), (small.SelectChannels([1]).SelectBins(0, 2).Bins, small.SelectChannels([1]).Channels));
    }

    [Fact]
    public void Sessions_that_do_not_fit_together_are_refused()
    {
        var a = Draw(1, 4);
        Refuses("two sessions are called 'a'", [new("a", a), new("a", a)]);
        Refuses("a session cannot be called 'a/b'", [new("a/b", a)]);
        Refuses("bins of 0.5 s", [new("a", a), new("b", a with { BinWidth = 0.5 })]);
        Refuses("external inputs [cue]", [new("a", a), new("b", a with { ExternalNames = ["cue"] })]);
        Refuses("the unit 'mm'", [new("a", a), new("b", a with { Groups = [a.Groups[0], a.Groups[1] with { Unit = "mm" }] })]);
        Refuses("4 channels where others have 3", [new("c", Draw(3, 3)), new("a", a)], "spikes");
        Refuses("no session has a channel group 'hand'", [new("a", a)], "hand");
        Refuses("is that of a session already", [new("c", JoinedSessions.Of([new("a", a)], []))]);

        static void Refuses(string why, Session[] sessions, string shared = "behaviour")
            => Assert.Contains(why, Assert.Throws<InputException>(() => JoinedSessions.Of(sessions, [shared])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_stands_for_the_groups_of_all_sessions_where_there_is_none_of_that_name()
    {
        string[] groups = ["spikes@a", "spikes@b", "spikes-2@a", "velocity"];
        Assert.Equal(["spikes@a", "spikes@b"], SessionGroups.Named("spikes", groups));
        Assert.Equal(["velocity"], SessionGroups.Named("velocity", groups));
        Assert.Equal(["spikes@b"], SessionGroups.Named("spikes@b", groups));
        Assert.Equal(["none"], SessionGroups.Named("none", groups));
        Assert.Equal("b", SessionGroups.SessionOf("spikes@b"));
        Assert.Equal("", SessionGroups.SessionOf("velocity"));
    }

    /// <summary>Spikes with true rates and states, and a behaviour of two channels.</summary>
    internal static Recording Draw(ulong seed, int channels)
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = channels, Trials = 3, ValidationTrials = 1, TestTrials = 1, Bins = 9, Seed = seed });
        return recording with
        {
            Groups = [.. recording.Groups, new ChannelGroup("behaviour", ChannelKind.Values, 2, "m")],
            Trials = [.. recording.Trials.Select(trial => trial with
            {
                Observations = [.. trial.Observations, Observations.FromValues(trial.Truth["states"].SelectColumns([0, 1]))],
            })],
        };
    }
}

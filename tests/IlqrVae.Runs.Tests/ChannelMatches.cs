using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Tests;

/// <summary>Channels and external inputs of data against those a model has learned.</summary>
public sealed class ChannelMatches
{
    private static readonly ModelDescription Model = Example.Description(Example.Recording());

    [Fact]
    public void The_same_channels_in_another_order_are_put_in_order_with_masks_and_truth()
    {
        var original = Example.Recording();
        int[] order = [2, 0, 1];
        var shuffled = Shuffled(original, order);
        var match = ChannelMatch.Of(Model, shuffled, byPosition: false, "data.h5");
        Assert.Contains("'spikes'", Assert.Single(match.Remarks), StringComparison.Ordinal);
        Assert.Equal(RecordingFingerprint.Of(original), RecordingFingerprint.Of(match.Recording));
        foreach (var (expected, found) in original.Trials.Zip(match.Recording.Trials))
        {
            Assert.Equal(expected.Truth["rates"].Values, found.Truth["rates"].Values);
        }

        Assert.Same(shuffled, ChannelMatch.Of(Model, shuffled, byPosition: true, "data.h5").Recording);
    }

    [Fact]
    public void External_inputs_in_another_order_are_put_in_order()
    {
        var original = Example.Recording();
        var swapped = new Recording
        {
            BinWidth = original.BinWidth,
            Groups = original.Groups,
            ExternalNames = ["sound", "light"],
            Trials = [.. original.Trials.Select(trial => new Trial
            {
                Name = trial.Name, Bins = trial.Bins, Split = trial.Split, Observations = trial.Observations, External = trial.External!.SelectColumns([1, 0]),
            })],
        };
        var match = ChannelMatch.Of(Model, swapped, byPosition: false, "data.h5");
        Assert.Contains("external inputs", Assert.Single(match.Remarks), StringComparison.Ordinal);
        Assert.Equal(RecordingFingerprint.Of(original), RecordingFingerprint.Of(match.Recording));
    }

    [Fact]
    public void Other_channels_of_the_same_number_are_refused_with_the_difference_named()
    {
        var refused = Assert.Throws<InputException>(() => ChannelMatch.Of(Model, Example.Recording(neurons: ["a", "b", "d"]), byPosition: false, "data.h5"));
        Assert.Contains("'c' is missing and 'd' is new", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--by-position", refused.Message, StringComparison.Ordinal);
        ChannelMatch.Of(Model, Example.Recording(neurons: ["a", "b", "d"]), byPosition: true, "data.h5");
        refused = Assert.Throws<InputException>(() => ChannelMatch.Of(Model, Example.Recording(external: ["light", "smell"]), byPosition: false, "data.h5"));
        Assert.Contains("'sound' is missing and 'smell' is new", refused.Message, StringComparison.Ordinal);
        refused = Assert.Throws<InputException>(() => ChannelMatch.Of(Model, Example.Recording(neurons: ["a", "a", "b"]), byPosition: false, "data.h5"));
        Assert.Contains("twice", refused.Message, StringComparison.Ordinal);
        Assert.Equal("'a', 'b', 'c' and 1 more are missing and 'e' is new", ChannelMatch.Difference(["a", "b", "c", "d"], ["e"]));
    }

    [Fact]
    public void Another_unit_is_refused()
    {
        var refused = Assert.Throws<InputException>(() => ChannelMatch.Of(Model, Example.Recording(unit: "cm/s"), byPosition: false, "data.h5"));
        Assert.Contains("cm/s where the model was trained on m/s", refused.Message, StringComparison.Ordinal);
        Assert.Empty(ChannelMatch.Of(Model, Example.Recording(unit: ""), byPosition: false, "data.h5").Remarks);
    }

    [Fact]
    public void Where_one_side_has_no_names_the_order_counts_and_a_remark_says_so()
    {
        var unnamed = Example.Recording(external: ["external-0", "external-1"]);
        var match = ChannelMatch.Of(Model, unnamed, byPosition: false, "data.h5");
        Assert.Same(unnamed, match.Recording);
        Assert.Contains("external inputs have names in the model and not here", Assert.Single(match.Remarks), StringComparison.Ordinal);
        var groups = Model.Recording.Groups;
        var nameless = Model with { Recording = Model.Recording with { Groups = [groups[0] with { Group = groups[0].Group with { ChannelNames = null } }, groups[1]] } };
        match = ChannelMatch.Of(nameless, Example.Recording(), byPosition: false, "data.h5");
        Assert.Contains("that the model does not know", Assert.Single(match.Remarks), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_said_of_the_recording_that_was_learned_from()
    {
        var same = Example.Recording();
        var match = ChannelMatch.Of(Model, same, byPosition: false, "data.h5");
        Assert.Same(same, match.Recording);
        Assert.Empty(match.Remarks);
    }

    private static Recording Shuffled(Recording recording, int[] order) => new()
    {
        BinWidth = recording.BinWidth,
        Groups = [recording.Groups[0] with { ChannelNames = [.. order.Select(channel => recording.Groups[0].ChannelNames![channel])] }, recording.Groups[1]],
        ExternalNames = recording.ExternalNames,
        Trials = [.. recording.Trials.Select(trial => trial with
        {
            Truth = new Dictionary<string, Table>(StringComparer.Ordinal) { ["rates"] = trial.Truth["rates"].SelectColumns(order) },
            Observations =
            [
                Observations.FromCounts(
                    trial.Observations[0].ToTable().SelectColumns(order),
                    [.. Enumerable.Range(0, trial.Bins * 3).Select(i => trial.Observations[0].IsObserved(i / 3, order[i % 3]))]),
                trial.Observations[1],
            ],
        })],
    };
}

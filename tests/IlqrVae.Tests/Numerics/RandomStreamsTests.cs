using System.Reflection;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Numerics;

public sealed class RandomStreamsTests
{
    private static readonly int[] Splits = [0, 1, 2];

    private static readonly int[] Numbers = [0, 1, 2, 3, 7, 41, 100, 0x1a9, 0x1417, 0xba7c, 0xbe7c, 0xd4a3, 65_535, 65_536, 0x5ea7c4, int.MaxValue];

    private static readonly int[] Draws = [0, 1, 2, 100, 0x1417, 65_535];

    /// <summary>Every purpose with every stream and substream that it may ask for, over representative ranges.</summary>
    private static IEnumerable<(string Purpose, ulong Stream, ulong Substream)> All()
    {
        yield return (nameof(RandomStreams.SimulatedSystem), RandomStreams.SimulatedSystem, 0);
        yield return (nameof(RandomStreams.SimulatedReadout), RandomStreams.SimulatedReadout, 0);
        yield return (nameof(RandomStreams.FirstWeights), RandomStreams.FirstWeights, 0);
        yield return (nameof(RandomStreams.Benchmarks), RandomStreams.Benchmarks, 0);
        yield return (nameof(RandomStreams.FreeRunTangents), RandomStreams.FreeRunTangents, 0);
        yield return (nameof(RandomStreams.LikelyStates), RandomStreams.LikelyStates, 0);
        yield return (nameof(RandomStreams.PredictiveSamples), RandomStreams.PredictiveSamples, 0);
        yield return (nameof(RandomStreams.ImportedSplits), RandomStreams.ImportedSplits, 0);
        yield return (nameof(RandomStreams.ImportedHeldOut), RandomStreams.ImportedHeldOut, 0);
        yield return (nameof(RandomStreams.PriorDensity), RandomStreams.PriorDensity, 0);
        yield return (nameof(RandomStreams.SweepPoints), RandomStreams.SweepPoints, 0);
        foreach (var split in Splits)
        {
            yield return (nameof(RandomStreams.SimulatedConditions), RandomStreams.SimulatedConditions, RandomStreams.ConditionsOfSplit(split));
            foreach (var number in Numbers)
            {
                yield return (nameof(RandomStreams.SimulatedTrial), RandomStreams.SimulatedTrial(split, number), RandomStreams.Dynamics);
                yield return (nameof(RandomStreams.SimulatedTrial), RandomStreams.SimulatedTrial(split, number), RandomStreams.Observations);
                yield return (nameof(RandomStreams.SimulatedTrial), RandomStreams.SimulatedTrial(split, number), RandomStreams.MotorVariability);
            }
        }

        foreach (var number in Numbers)
        {
            yield return (nameof(RandomStreams.ModelSamples), RandomStreams.ModelSamples, (ulong)number);
            yield return (nameof(RandomStreams.ShuffledPredictions), RandomStreams.ShuffledPredictions, (ulong)number);
            yield return (nameof(RandomStreams.MiniBatches), RandomStreams.MiniBatches, (ulong)number);
            yield return (nameof(RandomStreams.ImportanceLaplace), RandomStreams.ImportanceLaplace, (ulong)number);
            yield return (nameof(RandomStreams.PosteriorSamples), RandomStreams.PosteriorSamples, (ulong)number);
            yield return (nameof(RandomStreams.ValidationFolds), RandomStreams.ValidationFolds, (ulong)number);
            yield return (nameof(RandomStreams.CalibrationEntries), RandomStreams.CalibrationEntries, (ulong)number);
            yield return (nameof(RandomStreams.MovedEvents), RandomStreams.MovedEvents, (ulong)number);
            foreach (var other in Numbers)
            {
                yield return (nameof(RandomStreams.Hiding), RandomStreams.Hiding(other), (ulong)number);
                yield return (nameof(RandomStreams.ImportanceShared), RandomStreams.ImportanceShared(other), RandomStreams.Draw((ulong)number, 0));
            }

            foreach (var draw in Draws)
            {
                var substream = RandomStreams.Draw((ulong)number, draw);
                yield return (nameof(RandomStreams.Validation), RandomStreams.Validation, substream);
                yield return (nameof(RandomStreams.ReportedElbo), RandomStreams.ReportedElbo, substream);
                yield return (nameof(RandomStreams.RandomisedPlaces), RandomStreams.RandomisedPlaces, substream);
                foreach (var update in Numbers)
                {
                    yield return (nameof(RandomStreams.Training), RandomStreams.Training(update), substream);
                }
            }
        }
    }

    /// <summary>First words rather than keys: they tell apart whatever the generator makes of seed, stream and substream.</summary>
    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(0x1417UL)]
    [InlineData(ulong.MaxValue)]
    public void No_two_draw_the_same_numbers(ulong seed)
    {
        var seen = new Dictionary<(ulong, ulong), string>();
        foreach (var (purpose, stream, substream) in All())
        {
            var random = new CounterRandom(seed, stream, substream);
            var here = $"{purpose} ({stream:x}, {substream:x})";
            Assert.True(seen.TryAdd((random.NextUInt64(), random.NextUInt64()), here), here);
        }
    }

    [Fact]
    public void The_high_bits_are_the_purpose_and_data_are_purpose_0()
    {
        string[] ofData =
        [
            nameof(RandomStreams.SimulatedSystem), nameof(RandomStreams.SimulatedReadout), nameof(RandomStreams.SimulatedConditions), nameof(RandomStreams.SimulatedTrial),
            nameof(RandomStreams.FirstWeights), nameof(RandomStreams.ModelSamples), nameof(RandomStreams.Benchmarks),
        ];
        var byPurpose = All().GroupBy(one => one.Purpose, StringComparer.Ordinal).ToList();
        Assert.All(byPurpose, purpose => Assert.Single(purpose.Select(one => one.Stream >> 48).Distinct()));
        Assert.All(byPurpose.Where(purpose => ofData.Contains(purpose.Key)), purpose => Assert.Equal(0UL, purpose.First().Stream >> 48));
        var others = byPurpose.Where(purpose => !ofData.Contains(purpose.Key)).Select(purpose => purpose.First().Stream >> 48).ToList();
        Assert.DoesNotContain(0UL, others);
        Assert.Equal(others.Count, others.Distinct().Count());
    }

    /// <summary>Nothing is left out above but the substreams.</summary>
    [Fact]
    public void Every_purpose_is_looked_at()
    {
        string[] substreams = [nameof(RandomStreams.Dynamics), nameof(RandomStreams.Observations), nameof(RandomStreams.MotorVariability), nameof(RandomStreams.ConditionsOfSplit), nameof(RandomStreams.Draw)];
        var declared = typeof(RandomStreams).GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(member => member.Name);
        Assert.Equal(declared.Except(substreams, StringComparer.Ordinal).Order(StringComparer.Ordinal), All().Select(one => one.Purpose).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    /// <summary>Simulated data and first weights are those of earlier versions.</summary>
    [Fact]
    public void Streams_of_data_do_not_change()
    {
        ulong[] streams =
        [
            RandomStreams.SimulatedSystem, RandomStreams.SimulatedConditions, RandomStreams.SimulatedReadout, RandomStreams.FirstWeights, RandomStreams.ModelSamples,
            RandomStreams.Benchmarks, RandomStreams.SimulatedTrial(0, 0), RandomStreams.SimulatedTrial(2, 5),
        ];
        ulong[] substreams = [RandomStreams.Dynamics, RandomStreams.Observations, RandomStreams.MotorVariability, RandomStreams.ConditionsOfSplit(2)];
        Assert.Equal([0UL, 0UL, 1UL, 0x1417UL, 0xd4a3UL, 0xbe7cUL, 0x1_0000_0000UL, 0x3_0000_0005UL], streams);
        Assert.Equal([1UL, 2UL, 3UL, 102UL], substreams);
    }
}

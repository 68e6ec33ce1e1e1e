using IlqrVae.Numerics;

namespace IlqrVae.Data.Import;

/// <summary>Draws channels to hold out.</summary>
public static class RandomChannels
{
    /// <summary>Some of the channels, in rising order, each as likely as any other; the same for the same seed.</summary>
    /// <param name="count">How many, at most the channels there are.</param>
    /// <param name="channels">How many there are.</param>
    /// <param name="seed">The seed.</param>
    public static IReadOnlyList<int> Draw(int count, int channels, ulong seed)
    {
        int[] order = [.. Enumerable.Range(0, channels)];
        var random = new CounterRandom(seed, RandomStreams.ImportedHeldOut);
        random.Shuffle(order);
        return [.. order.Take(count).Order()];
    }
}

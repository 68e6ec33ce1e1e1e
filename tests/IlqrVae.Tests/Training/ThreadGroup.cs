using System.Text;
using IlqrVae.Training.Processes;

namespace IlqrVae.Tests.Training;

/// <summary>What the threads that play processes have in common.</summary>
internal sealed class ThreadGroup(int size) : IDisposable
{
    public int Size => size;

    public Barrier Barrier { get; } = new(size);

    /// <summary>What each process gives, and how many bytes of it each gets.</summary>
    public (byte[] Bytes, int[] Lengths)[] Given { get; } = new (byte[], int[])[size];

    public void Dispose() => Barrier.Dispose();

    /// <summary>The same work in a thread for each process.</summary>
    public Task<T[]> Run<T>(Func<IProcessGroup, T> work) => Task.WhenAll(Enumerable.Range(0, size).Select(rank => Task.Factory.StartNew(
        () => work(new ThreadProcess(this, rank)), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
}

/// <summary>A thread that plays a process.</summary>
internal sealed class ThreadProcess(ThreadGroup group, int number) : IProcessGroup
{
    public int Count => group.Size;

    public int Number => number;

    public string? Agree(string? failure)
    {
        group.Given[number] = (Encoding.UTF8.GetBytes(failure ?? ""), []);
        Meet();
        var first = Array.FindIndex(group.Given, given => given.Bytes.Length > 0);
        var reason = first < 0 ? null : Encoding.UTF8.GetString(group.Given[first].Bytes);
        Meet();
        return reason;
    }

    public void Gather(ReadOnlySpan<byte> own, ReadOnlySpan<int> lengths, Span<byte> all)
    {
        Assert.Equal(lengths[number], own.Length);
        group.Given[number] = (own.ToArray(), lengths.ToArray());
        Meet();
        var at = 0;
        foreach (var (bytes, told) in group.Given)
        {
            Assert.Equal(lengths.ToArray(), told);
            bytes.CopyTo(all[at..]);
            at += bytes.Length;
        }

        Assert.Equal(all.Length, at);
        Meet();
    }

    public void Exchange(ReadOnlySpan<byte> sent, ReadOnlySpan<int> sentLengths, Span<byte> received, ReadOnlySpan<int> receivedLengths)
    {
        group.Given[number] = (sent.ToArray(), sentLengths.ToArray());
        Meet();
        var at = 0;
        for (var process = 0; process < group.Size; process++)
        {
            var (bytes, lengths) = group.Given[process];
            Assert.Equal(receivedLengths[process], lengths[number]);
            bytes.AsSpan(lengths[..number].Sum(), lengths[number]).CopyTo(received[at..]);
            at += lengths[number];
        }

        Assert.Equal(received.Length, at);
        Meet();
    }

    private void Meet() => Assert.True(group.Barrier.SignalAndWait(TimeSpan.FromSeconds(30)), "a process waits for another in vain");
}

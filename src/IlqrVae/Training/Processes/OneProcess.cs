namespace IlqrVae.Training.Processes;

/// <summary>A process by itself.</summary>
public sealed class OneProcess : IProcessGroup
{
    /// <inheritdoc/>
    public int Count => 1;

    /// <inheritdoc/>
    public int Number => 0;

    /// <inheritdoc/>
    public string? Agree(string? failure) => failure;

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<byte> own, ReadOnlySpan<int> lengths, Span<byte> all) => own.CopyTo(all);

    /// <inheritdoc/>
    public void Exchange(ReadOnlySpan<byte> sent, ReadOnlySpan<int> sentLengths, Span<byte> received, ReadOnlySpan<int> receivedLengths) => sent.CopyTo(received);
}

namespace IlqrVae.Training.Processes;

/// <summary>
/// The processes that train one model together, or analyse trials with one, as what carries bytes between them: the seam behind which work is spread over machines. A batch's trials
/// are dealt out; each process works out its own on all its threads and sums their gradients; then outcomes, starts of trials and sums are completed, after
/// which every process holds the same state, makes the same decisions and the same update, so that parameters never travel.
/// </summary>
/// <remarks>
/// Processes given the same model, recording and options make the same calls in the same order, one at a time, from the thread that runs the training; also
/// where a process has no trial of a batch. A process that has lost another throws rather than waits for ever.
/// </remarks>
public interface IProcessGroup
{
    /// <summary>Gets the number of processes.</summary>
    int Count { get; }

    /// <summary>Gets the number of this one, from 0.</summary>
    int Number { get; }

    /// <summary>Waits until every process is ready for the work or has failed to be. Each calls it before all else, and again wherever one may fail alone.</summary>
    /// <param name="failure">Why this process is not ready; null where it is.</param>
    /// <returns>Why the first process that is not ready is not; null where all are. The same everywhere.</returns>
    string? Agree(string? failure);

    /// <summary>Gives what each process has to all of them.</summary>
    /// <param name="own">What this process has.</param>
    /// <param name="lengths">Bytes of each process, known to all.</param>
    /// <param name="all">Receives what all have, in the order of processes; as long as the sum of lengths.</param>
    void Gather(ReadOnlySpan<byte> own, ReadOnlySpan<int> lengths, Span<byte> all);

    /// <summary>Gives each process a part of what this one has.</summary>
    /// <param name="sent">What goes to process 0, then to 1, and so on.</param>
    /// <param name="sentLengths">Bytes for each.</param>
    /// <param name="received">Receives what came from process 0, then from 1, and so on.</param>
    /// <param name="receivedLengths">Bytes from each.</param>
    void Exchange(ReadOnlySpan<byte> sent, ReadOnlySpan<int> sentLengths, Span<byte> received, ReadOnlySpan<int> receivedLengths);
}

using System.Runtime.InteropServices;
using System.Text;
using IlqrVae.Training.Processes;

namespace IlqrVae.Mpi;

/// <summary>The processes of an MPI job. All calls come from the thread that started it.</summary>
public sealed class MpiGroup : IProcessGroup, IDisposable
{
    private readonly MpiLibrary _library;
    private readonly int[] _offsets;
    private readonly int[] _otherOffsets;

    private MpiGroup(MpiLibrary library)
    {
        _library = library;
        (Count, Number) = library.Start();
        _offsets = new int[Count];
        _otherOffsets = new int[Count];
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int Number { get; }

    /// <summary>Gets whether all processes have told whether they are ready; see <see cref="Agree"/>.</summary>
    public bool HasAgreed { get; private set; }

    /// <summary>Gets why they are not; null where they are, or have not told.</summary>
    public string? Failure { get; private set; }

    /// <summary>Gets what the processes and their library are, in words.</summary>
    public string Description => $"{Count} processes ({(_library.IsOpenMpi ? "Open MPI" : "MPI")}, {_library.Name})";

    /// <summary>Joins the job that this process was started in.</summary>
    /// <exception cref="MpiException">There is no libmpi.</exception>
    public static MpiGroup Join() => new(MpiLibrary.Load());

    /// <inheritdoc/>
    public string? Agree(string? failure)
    {
        HasAgreed = true;
        var own = Encoding.UTF8.GetBytes(failure ?? "");
        var lengths = new int[Count];
        var sizes = new int[Count];
        sizes.AsSpan().Fill(sizeof(int));
        var length = own.Length;
        Gather(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in length)), sizes, MemoryMarshal.AsBytes(lengths.AsSpan()));
        var all = new byte[lengths.Sum()];
        Gather(own, lengths, all);
        var first = Array.FindIndex(lengths, size => size > 0);
        if (first < 0)
        {
            return null;
        }

        var message = Encoding.UTF8.GetString(all, 0, lengths[first]);
        return Failure = lengths.All(size => size > 0) ? message : $"process {first} of {Count}: {message}";
    }

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<byte> own, ReadOnlySpan<int> lengths, Span<byte> all)
    {
        Place(lengths, _offsets);
        _library.Gather(own, lengths, _offsets, all);
    }

    /// <inheritdoc/>
    public void Exchange(ReadOnlySpan<byte> sent, ReadOnlySpan<int> sentLengths, Span<byte> received, ReadOnlySpan<int> receivedLengths)
    {
        Place(sentLengths, _offsets);
        Place(receivedLengths, _otherOffsets);
        _library.Exchange(sent, sentLengths, _offsets, received, receivedLengths, _otherOffsets);
    }

    /// <summary>Ends all processes of the job at once: where one cannot go on, the others would wait for it.</summary>
    /// <param name="code">The exit code of the job.</param>
    public void Abort(int code) => _library.Abort(code);

    /// <summary>Leaves the job, when the others do.</summary>
    public void Dispose() => _library.Stop();

    private static void Place(ReadOnlySpan<int> lengths, Span<int> offsets)
    {
        var at = 0;
        for (var process = 0; process < lengths.Length; process++)
        {
            offsets[process] = at;
            at += lengths[process];
        }
    }
}

using System.Runtime.InteropServices;
using IlqrVae.Recordings;
using IlqrVae.Training.Processes;

namespace IlqrVae.Runs.Sessions;

/// <summary>
/// The trials of an inference dealt out to processes, each of which finds out all there is to find about its own; the first collects it. Nothing that is found of a
/// trial depends on another, so that what is collected has the bits of one process.
/// </summary>
internal sealed class SharedTrials
{
    /// <summary>Most bytes that come at a time, from all processes together.</summary>
    private const int MostBytes = 1 << 28;

    /// <summary>Most bytes that one process sends at a time.</summary>
    private const int MostSent = 1 << 24;

    private readonly IProcessGroup _processes;
    private readonly int[][] _dealt;
    private readonly int _piece;

    /// <summary>Deals trials out.</summary>
    /// <param name="processes">The processes.</param>
    /// <param name="trials">The trials.</param>
    /// <param name="piece">Most bytes that one process sends at a time.</param>
    public SharedTrials(IProcessGroup processes, IReadOnlyList<Trial> trials, int piece = MostSent)
    {
        _processes = processes;
        _piece = Math.Max(1, Math.Min(piece, MostBytes / processes.Count));
        var owners = new int[trials.Count];
        TrialDeal.Deal(trials.Select(trial => trial.Bins).ToArray(), processes.Count, owners);
        _dealt = [.. Enumerable.Range(0, processes.Count).Select(process => Enumerable.Range(0, owners.Length).Where(i => owners[i] == process).ToArray())];
    }

    /// <summary>Gets the places of the trials that are worked out here.</summary>
    public IReadOnlyList<int> Own => _dealt[_processes.Number];

    /// <summary>Waits until all processes have done their work.</summary>
    /// <param name="isInterrupted">Whether this one was asked to stop.</param>
    /// <param name="failure">Why it could not do it; null where it could.</param>
    /// <param name="ticks">The time of its workers; receives that of all.</param>
    /// <exception cref="OperationCanceledException">One was asked to stop. All throw it.</exception>
    /// <exception cref="InputException">One could not do it. All throw it.</exception>
    public void Meet(bool isInterrupted, string? failure, ref long ticks)
    {
        var all = Gather(isInterrupted ? -1 : ticks);
        if (all.Contains(-1))
        {
            throw new OperationCanceledException();
        }

        ticks = all.Sum();
        if (_processes.Agree(failure) is { } reason)
        {
            throw new InputException(reason);
        }
    }

    /// <summary>Brings what was found to the first process, a trial of every process at a time, in pieces.</summary>
    /// <param name="give">What was found of a trial of this process, by its place. Asked once.</param>
    /// <param name="take">Receives what was found of a trial of another, in the first process.</param>
    public void Collect(Func<int, TrialFinding> give, Action<int, TrialFinding> take)
    {
        var (isFirst, none) = (_processes.Number == 0, new int[_processes.Count]);
        for (var round = 0; round < _dealt.Skip(1).Select(own => own.Length).DefaultIfEmpty(0).Max(); round++)
        {
            using var sent = new BlockStream();
            if (!isFirst && round < Own.Count)
            {
                give(Own[round]).Write(sent);
            }

            var left = Gather(sent.Length);
            BlockStream[] received = isFirst ? [.. left.Select(_ => new BlockStream())] : [];
            while (left.Any(length => length > 0))
            {
                int[] lengths = [.. left.Select(length => (int)Math.Min(_piece, length))];
                var own = new byte[lengths[_processes.Number]];
                sent.ReadExactly(own);
                var pieces = new byte[isFirst ? lengths.Sum() : 0];
                int[] toFirst = [own.Length, .. none[1..]];
                _processes.Exchange(own, toFirst, pieces, isFirst ? lengths : none);
                var at = 0;
                for (var process = 0; process < left.Length; process++)
                {
                    if (isFirst)
                    {
                        received[process].Write(pieces.AsSpan(at, lengths[process]));
                    }

                    at += lengths[process];
                    left[process] -= lengths[process];
                }
            }

            for (var process = 1; process < received.Length; process++)
            {
                if (round < _dealt[process].Length)
                {
                    take(_dealt[process][round], TrialFinding.Read(received[process]));
                }

                received[process].Dispose();
            }
        }
    }

    private long[] Gather(long own)
    {
        var (all, lengths) = (new long[_processes.Count], new int[_processes.Count]);
        Array.Fill(lengths, sizeof(long));
        _processes.Gather(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in own)), lengths, MemoryMarshal.AsBytes(all.AsSpan()));
        return all;
    }
}

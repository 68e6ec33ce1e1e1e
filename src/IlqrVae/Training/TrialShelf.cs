using System.Collections;
using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;

namespace IlqrVae.Training;

/// <summary>
/// Trials of a recording, prepared for a model when they are first asked for. A prepared trial takes eight times what counts of a byte take in the recording (four in
/// single precision), so of large recordings as many are kept as there is room for, and the others are prepared anew at each turn: a hundredth of the time that
/// learning takes from them. Which are kept changes no number.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class TrialShelf<T> : IReadOnlyList<PreparedTrial<T>>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GenerativeModel<T> _model;
    private readonly Recording _recording;
    private readonly IReadOnlyList<Trial> _trials;
    private readonly IReadOnlySet<string>? _hidden;
    private readonly PreparedTrial<T>?[] _kept;
    private long _room;

    /// <summary>Lays trials out. The first is prepared, which shows whether the recording has what the model needs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="trials">Trials of it.</param>
    /// <param name="hidden">Names of channel groups to treat as missing; null for none.</param>
    /// <param name="bytes">Room for those that are kept.</param>
    /// <exception cref="InputException">The recording has not what the model needs.</exception>
    public TrialShelf(GenerativeModel<T> model, Recording recording, IReadOnlyList<Trial> trials, IReadOnlySet<string>? hidden, long bytes)
    {
        (_model, _recording, _trials, _hidden, _room) = (model, recording, trials, hidden, bytes);
        _kept = new PreparedTrial<T>?[trials.Count];
        if (trials.Count > 0)
        {
            _ = this[0];
        }
    }

    /// <summary>Gets the number of trials.</summary>
    public int Count => _trials.Count;

    /// <summary>Gets a trial. Different trials may be asked for by several threads at a time.</summary>
    /// <param name="index">Its place.</param>
    public PreparedTrial<T> this[int index]
    {
        get
        {
            if (_kept[index] is { } kept)
            {
                return kept;
            }

            var prepared = new PreparedTrial<T>(_model, _recording, _trials[index], _hidden);
            if (Interlocked.Add(ref _room, -prepared.Bytes) >= 0)
            {
                _kept[index] = prepared;
            }
            else
            {
                Interlocked.Add(ref _room, prepared.Bytes);
            }

            return prepared;
        }
    }

    /// <summary>The name of a trial.</summary>
    /// <param name="index">Its place.</param>
    public string NameOf(int index) => _trials[index].Name;

    /// <summary>Number of bins of a trial.</summary>
    /// <param name="index">Its place.</param>
    public int BinsOf(int index) => _trials[index].Bins;

    /// <inheritdoc/>
    public IEnumerator<PreparedTrial<T>> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

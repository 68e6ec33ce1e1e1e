using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// The gains K_t and factors R_t of a backward pass. Trials of up to so many bins have them as whole matrices; of longer ones the gains are kept in
/// single precision and of the factors the upper triangles only.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class GainStore<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _m;
    private readonly int _n;
    private readonly int _wholeBins;
    private readonly Matrix<T> _wholeGains;
    private readonly Matrix<T> _wholeFactors;
    private readonly Matrix<float> _shortGains;
    private readonly Matrix<T> _triangles;
    private readonly Matrix<T> _gain;
    private readonly Matrix<T> _factor;
    private bool _isWhole = true;

    /// <summary>Allocates the store.</summary>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="wholeBins">The largest number of bins with whole matrices.</param>
    /// <param name="inputs">m.</param>
    /// <param name="states">n.</param>
    public GainStore(int capacity, int wholeBins, int inputs, int states)
    {
        _m = inputs;
        _n = states;
        _wholeBins = Math.Max(1, wholeBins);
        var whole = Math.Min(capacity, _wholeBins) - 1;
        var compact = capacity > _wholeBins ? capacity - 1 : 0;
        _wholeGains = Matrix<T>.Allocate(checked(whole * inputs), states);
        _wholeFactors = Matrix<T>.Allocate(checked(whole * inputs), inputs);
        _shortGains = Matrix<float>.Allocate(compact, checked(inputs * states));
        _triangles = Matrix<T>.Allocate(compact, checked(inputs * (inputs + 1) / 2));
        _gain = Matrix<T>.Allocate(inputs, states);
        _factor = Matrix<T>.Allocate(inputs, inputs);
    }

    /// <summary>Sets the number of bins of the next pass.</summary>
    public void SetBins(int bins) => _isWhole = bins <= _wholeBins;

    /// <summary>K_t, m x n, valid until the next call.</summary>
    public Matrix<T> Gain(int t)
    {
        if (_isWhole)
        {
            return _wholeGains.RowRange(t * _m, _m);
        }

        var from = _shortGains.RowPointer(t);
        for (var i = 0; i < _m; i++)
        {
            Elementwise.Convert(from + (i * _n), _gain.RowPointer(i), _n);
        }

        GC.KeepAlive(this);
        return _gain;
    }

    /// <summary>Asks for what a sweep over a long trial will read at a step.</summary>
    public void Prefetch(int t)
    {
        if (!_isWhole)
        {
            Numerics.Prefetch.Row(_shortGains, t);
            Numerics.Prefetch.Row(_triangles, t);
        }
    }

    /// <summary>R_t, upper triangular m x m, valid until the next call.</summary>
    public Matrix<T> Factor(int t)
    {
        if (_isWhole)
        {
            return _wholeFactors.RowRange(t * _m, _m);
        }

        var from = _triangles.RowPointer(t);
        for (var i = 0; i < _m; i++)
        {
            var row = _factor.RowPointer(i);
            for (var j = i; j < _m; j++)
            {
                row[j] = *from++;
            }
        }

        GC.KeepAlive(this);
        return _factor;
    }

    /// <summary>Where K_t is to be computed, before <see cref="Keep"/>.</summary>
    public Matrix<T> GainToWrite(int t) => _isWhole ? _wholeGains.RowRange(t * _m, _m) : _gain;

    /// <summary>Keeps what is in <see cref="GainToWrite"/> and R_t.</summary>
    public void Keep(int t, Matrix<T> factor)
    {
        if (_isWhole)
        {
            RowOperations.Copy(factor, _wholeFactors.RowRange(t * _m, _m));
            return;
        }

        var gains = _shortGains.RowPointer(t);
        var triangle = _triangles.RowPointer(t);
        for (var i = 0; i < _m; i++)
        {
            Elementwise.Convert(_gain.RowPointer(i), gains + (i * _n), _n);
            var row = factor.RowPointer(i);
            for (var j = i; j < _m; j++)
            {
                *triangle++ = row[j];
            }
        }

        factor.KeepAlive();
        GC.KeepAlive(this);
    }
}

using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// A tape of one row a step. It is kept for trials of up to so many bins; of longer ones there is a single row, which every step writes over, and
/// whoever reads a step's row has it computed again just before.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class StepTape<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _capacity;
    private readonly int _recordedBins;
    private readonly Matrix<T> _oneRow;
    private Matrix<T> _rows;
    private int _bins;

    /// <summary>Allocates the tape.</summary>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="length">Numbers a step; with none of them there is nothing to keep.</param>
    /// <param name="recordedBins">The largest number of bins whose tape is kept.</param>
    public StepTape(int capacity, int length, int recordedBins)
    {
        _capacity = capacity;
        _recordedBins = length == 0 ? int.MaxValue : Math.Max(1, recordedBins);
        _oneRow = Matrix<T>.Allocate(1, length);
        _rows = Matrix<T>.Allocate(length == 0 ? 0 : Math.Min(capacity, _recordedBins) - 1, length);
        SetBins(capacity);
    }

    /// <summary>Whether every step has its own row, or needs none.</summary>
    public bool IsKept { get; private set; }

    /// <summary>(T - 1) x length; empty where it is not kept.</summary>
    public Matrix<T> Rows { get; private set; }

    /// <summary>Sets the number of bins; the contents are then unspecified.</summary>
    public void SetBins(int bins)
    {
        _bins = bins;
        IsKept = bins <= _recordedBins;
        Rows = _rows.RowRange(0, IsKept && _oneRow.Columns > 0 ? bins - 1 : 0);
    }

    /// <summary>Keeps every step of the present trial, however long it is. Allocates the first time that there is too little room.</summary>
    /// <returns>True when the rows are still to be filled.</returns>
    public bool Keep()
    {
        if (IsKept)
        {
            return false;
        }

        if (_rows.Rows < _capacity - 1)
        {
            _rows = Matrix<T>.Allocate(_capacity - 1, _oneRow.Columns);
        }

        IsKept = true;
        Rows = _rows.RowRange(0, _bins - 1);
        return true;
    }

    /// <summary>Where step t is recorded.</summary>
    public T* RowToWrite(int t) => Rows.Rows == 0 ? _oneRow.Pointer : Rows.RowPointer(t);
}

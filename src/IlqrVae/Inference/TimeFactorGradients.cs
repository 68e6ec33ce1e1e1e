using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// Derivatives of the losses of a batch's trials with respect to L_t, each kept as what it is made of, and their sum. With G the derivative of a
/// draw's loss with respect to its inputs, and E its noise, a trial's derivative is the lower triangle of
/// <code>
/// W E' + a L_t - diag(b / L_t),    W = G L_s / draws,    E = [E_1 .. E_draws]
/// </code>
/// of rank r = draws * m but for two numbers: it takes 2 r T numbers where the triangle has T^2 / 2. The sum over trials is one matrix product, whose
/// rows threads can share.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class TimeFactorGradients<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Columns and depth of the pieces of the product: with the rows of a block they stay in the second cache.</summary>
    private const int ColumnBlock = 64;
    private const int DepthBlock = 128;

    private readonly Matrix<T> _weighted;
    private readonly Matrix<T> _noise;
    private readonly TimeFactorGradient<T>[] _trials;
    private readonly int _rank;

    /// <summary>Allocates derivatives of zero.</summary>
    /// <param name="trials">The largest number of trials.</param>
    /// <param name="draws">Draws of each.</param>
    /// <param name="inputs">m.</param>
    /// <param name="capacity">The largest number of bins.</param>
    public TimeFactorGradients(int trials, int draws, int inputs, int capacity)
    {
        _rank = draws * inputs;
        _weighted = Matrix<T>.Allocate(trials * _rank, capacity - 1);
        _noise = Matrix<T>.Allocate(trials * _rank, capacity - 1);
        _trials = new TimeFactorGradient<T>[trials];
        for (var i = 0; i < trials; i++)
        {
            _trials[i] = new TimeFactorGradient<T>(_weighted.RowRange(i * _rank, _rank), _noise.RowRange(i * _rank, _rank));
        }
    }

    /// <summary>The derivative of a trial.</summary>
    /// <param name="trial">Its place.</param>
    public TimeFactorGradient<T> this[int trial] => _trials[trial];

    /// <summary>Adds rows of the sum of the first trials. What it writes above the diagonal is unspecified.</summary>
    /// <param name="trials">Number of trials.</param>
    /// <param name="factor">L_t.</param>
    /// <param name="first">The first row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="total">Of the shape of L_t.</param>
    public void AddRows(int trials, Matrix<T> factor, int first, int rows, Matrix<T> total)
    {
        // L_t may cover more steps than any trial has.
        var rank = trials * _rank;
        var width = Math.Min(first + rows, _noise.Columns);
        rows = width - first;
        if (rows <= 0)
        {
            return;
        }

        for (var column = 0; column < width; column += ColumnBlock)
        {
            var columns = Math.Min(ColumnBlock, width - column);
            for (var depth = 0; depth < rank; depth += DepthBlock)
            {
                Gemm.Dispatch(
                    _weighted.RowPointer(depth) + first, 1, _weighted.Stride,
                    _noise.RowPointer(depth) + column, _noise.Stride,
                    total.RowPointer(first) + column, total.Stride,
                    rows, columns, Math.Min(DepthBlock, rank - depth), Gemm.StoreMode.Add, upper: false);
            }
        }

        var next = first;
        double alongFactor = 0, alongPivots = 0;
        for (var row = first; row < width; row++)
        {
            if (row == next)
            {
                (alongFactor, alongPivots, next) = TermsAt(row, trials);
            }

            if (alongFactor != 0)
            {
                Gemv.AddScaled(T.CreateSaturating(alongFactor), factor.RowPointer(row), total.RowPointer(row), row + 1);
            }

            total[row, row] -= T.CreateSaturating(alongPivots / double.CreateChecked(factor[row, row]));
        }

        factor.KeepAlive();
        total.KeepAlive();
        GC.KeepAlive(this);
    }

    /// <summary>The sums of a and b over the trials that reach a row, and the next row where they change.</summary>
    private (double AlongFactor, double AlongPivots, int Next) TermsAt(int row, int trials)
    {
        double alongFactor = 0, alongPivots = 0;
        var next = int.MaxValue;
        for (var i = 0; i < trials; i++)
        {
            var trial = _trials[i];
            if (trial.Steps > row)
            {
                alongFactor += trial.AlongFactor;
                alongPivots += trial.AlongPivots;
                next = Math.Min(next, trial.Steps);
            }
        }

        return (alongFactor, alongPivots, next);
    }
}

/// <summary>The derivative of one trial's loss with respect to L_t; see <see cref="TimeFactorGradients{T}"/>.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class TimeFactorGradient<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public TimeFactorGradient(Matrix<T> weighted, Matrix<T> noise)
    {
        Weighted = weighted;
        Noise = noise;
    }

    /// <summary>W', r x (capacity - 1); zero beyond the trial's steps.</summary>
    public Matrix<T> Weighted { get; }

    /// <summary>E', r x (capacity - 1).</summary>
    public Matrix<T> Noise { get; }

    /// <summary>Steps of the trial: the derivative is one with respect to that leading block.</summary>
    public int Steps { get; private set; }

    /// <summary>a.</summary>
    public double AlongFactor { get; private set; }

    /// <summary>b.</summary>
    public double AlongPivots { get; private set; }

    /// <summary>The sum of W E' times L_t, element by element.</summary>
    public double FactorProduct { get; private set; }

    /// <summary>The sum of the squares of L_t; only where a is not zero.</summary>
    public double FactorSquares { get; private set; }

    /// <summary>Sets everything to zero.</summary>
    /// <param name="steps">Steps of the trial.</param>
    public void Clear(int steps)
    {
        Steps = steps;
        AlongFactor = 0;
        AlongPivots = 0;
        FactorProduct = 0;
        FactorSquares = 0;
        Weighted.Clear();
    }

    /// <summary>Takes in a draw.</summary>
    /// <param name="draw">Which.</param>
    /// <param name="weighted">G L_s, steps x m.</param>
    /// <param name="noise">Its noise, steps x m.</param>
    /// <param name="correlated">L_t times that, steps x m.</param>
    public void SetDraw(int draw, Matrix<T> weighted, Matrix<T> noise, Matrix<T> correlated)
    {
        var m = noise.Columns;
        weighted.TransposeTo(Weighted.RowRange(draw * m, m).ColumnRange(0, Steps));
        noise.TransposeTo(Noise.RowRange(draw * m, m).ColumnRange(0, Steps));
        FactorProduct += RowOperations.Dot(weighted, correlated);
    }

    /// <summary>Adds a multiple of L_t.</summary>
    /// <param name="multiple">The multiple.</param>
    /// <param name="squares">The sum of the squares of L_t over the trial's steps.</param>
    public void AddFactor(double multiple, double squares)
    {
        AlongFactor += multiple;
        FactorSquares = squares;
    }

    /// <summary>Subtracts a multiple of diag(1 / L_t).</summary>
    /// <param name="multiple">The multiple.</param>
    public void SubtractInversePivots(double multiple) => AlongPivots += multiple;

    /// <summary>Multiplies the part that the draws gave.</summary>
    /// <param name="scale">The factor.</param>
    public void ScaleDraws(double scale)
    {
        RowOperations.Scale(T.CreateSaturating(scale), Weighted);
        FactorProduct *= scale;
    }

    /// <summary>Multiplies by a factor; by zero, whatever is there.</summary>
    /// <param name="scale">The factor.</param>
    public void Scale(double scale)
    {
        if (scale == 0)
        {
            Clear(Steps);
            return;
        }

        ScaleDraws(scale);
        AlongFactor *= scale;
        AlongPivots *= scale;
    }
}

/// <summary>
/// The sum of squares of a <see cref="TimeFactorGradient{T}"/> over the lower triangle, in a time that grows with T, not T^2. Rows are taken in blocks:
/// what is left of a block's diagonal square is W_I E_J', with squares that sum to tr(W_I' W_I E_J' E_J), and E_J' E_J grows from block to block.
/// It agrees with squares summed one by one up to rounding; products within a block are summed in T, and where those overflow, the sum is not finite.
/// One worker has one.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class TimeFactorNorm<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Block = 48;

    private readonly Matrix<T> _square = Matrix<T>.Allocate(Block, Block);
    private readonly double[] _gram;
    private readonly int _rank;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="rank">r = draws * m.</param>
    public TimeFactorNorm(int rank)
    {
        _rank = rank;
        _gram = new double[rank * rank];
    }

    /// <summary>The sum of squares; not finite where an element of W is not.</summary>
    /// <param name="gradient">The derivative of a trial.</param>
    /// <param name="factor">L_t.</param>
    public double SumOfSquares(TimeFactorGradient<T> gradient, Matrix<T> factor)
    {
        Array.Clear(_gram);
        var a = gradient.AlongFactor;
        var b = gradient.AlongPivots;
        var sum = a == 0 ? 0 : (2 * a * gradient.FactorProduct) + (a * a * gradient.FactorSquares);
        for (var first = 0; first < gradient.Steps; first += Block)
        {
            var count = Math.Min(Block, gradient.Steps - first);
            sum += LeftOfSquare(gradient, first, count) + InSquare(gradient, first, count);
            for (var i = 0; i < count; i++)
            {
                // The square of (x - p) in place of that of x on the diagonal.
                var pivot = double.CreateChecked(factor[first + i, first + i]);
                var p = b / pivot;
                sum += p * (p - (2 * (double.CreateChecked(_square[i, i]) + (a * pivot))));
            }
        }

        return Math.Max(0, sum);
    }

    private double LeftOfSquare(TimeFactorGradient<T> gradient, int first, int count)
    {
        var sum = 0.0;
        for (var i = 0; i < _rank; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var weighted = double.CreateChecked(
                    Gemv.Dot(gradient.Weighted.RowPointer(i) + first, gradient.Weighted.RowPointer(j) + first, count));
                var noise = double.CreateChecked(Gemv.Dot(gradient.Noise.RowPointer(i) + first, gradient.Noise.RowPointer(j) + first, count));
                ref var gram = ref _gram[(i * _rank) + j];
                sum += (i == j ? 1 : 2) * weighted * gram;
                gram += noise;
            }
        }

        GC.KeepAlive(gradient);
        return sum;
    }

    private double InSquare(TimeFactorGradient<T> gradient, int first, int count)
    {
        Gemm.Dispatch(
            gradient.Weighted.Pointer + first, 1, gradient.Weighted.Stride, gradient.Noise.Pointer + first, gradient.Noise.Stride,
            _square.Pointer, _square.Stride, count, count, _rank, Gemm.StoreMode.Replace, upper: false);
        GC.KeepAlive(gradient);
        GC.KeepAlive(this);
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var x = double.CreateChecked(_square[i, j]);
                sum += x * x;
            }
        }

        return sum;
    }
}

using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>
/// A matrix parameter used as a linear map y = W x. Keeps the transpose beside the matrix, so that W x and W' y both run as combinations of rows.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class LinearMap<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public LinearMap(Parameter<T> parameter)
    {
        Parameter = parameter;
        Transposed = Matrix<T>.Allocate(parameter.Columns, parameter.Rows);
        Refresh();
    }

    public Parameter<T> Parameter { get; }

    public Matrix<T> Matrix => Parameter.Value;

    public Matrix<T> Transposed { get; }

    public void Refresh() => Matrix.TransposeTo(Transposed);

    /// <summary>y = W x (or y += W x).</summary>
    public void Apply(T* x, T* y, bool accumulate = false) => Gemv.TransposedMultiply(Transposed, x, y, accumulate);

    /// <summary>x = W' y (or x += W' y).</summary>
    public void ApplyTransposed(T* y, T* x, bool accumulate = false) => Gemv.TransposedMultiply(Matrix, y, x, accumulate);

    /// <summary>dW += sum over rows t of y_t x_t'.</summary>
    public void Accumulate(Matrix<T> y, Matrix<T> x, ParameterGradient<T> gradient)
        => Gemm.TransposedMultiply(y, x, gradient[Parameter], accumulate: true);
}

// ADBench's LSTM: layers whose gates act on each unit alone, predicting the next
// symbol of a sequence. Gates are ordered forget, input, output, change; the first
// and third see the signal from below, the others the hidden state. `extra` holds
// the input weights, the output weights and the output biases. Hidden and cell
// states are updated in place. Returns the mean negative log-likelihood per
// symbol entry, with the normaliser log(2 + sum exp).
func.func @lstm(
    %weight: memref<?x4x?xf64>, %bias: memref<?x4x?xf64>, %extra: memref<3x?xf64>,
    %hidden: memref<?x?xf64>, %cell: memref<?x?xf64>,
    %sequence: memref<?x?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %two = arith.constant 2.0 : f64
  %layers = memref.dim %hidden, %c0 : memref<?x?xf64>
  %units = memref.dim %hidden, %c1 : memref<?x?xf64>
  %symbols = memref.dim %sequence, %c0 : memref<?x?xf64>
  %predictions = arith.subi %symbols, %c1 : index

  %signal = memref.alloc(%units) : memref<?xf64>
  %total = scf.for %t = %c0 to %predictions step %c1 iter_args(%sum = %zero) -> (f64) {
    scf.for %i = %c0 to %units step %c1 {
      %symbol = memref.load %sequence[%t, %i] : memref<?x?xf64>
      %w = memref.load %extra[%c0, %i] : memref<3x?xf64>
      %x = arith.mulf %symbol, %w : f64
      memref.store %x, %signal[%i] : memref<?xf64>
    }

    scf.for %l = %c0 to %layers step %c1 {
      scf.for %i = %c0 to %units step %c1 {
        %x = memref.load %signal[%i] : memref<?xf64>
        %h = memref.load %hidden[%l, %i] : memref<?x?xf64>
        %c = memref.load %cell[%l, %i] : memref<?x?xf64>

        %w_forget = memref.load %weight[%l, %c0, %i] : memref<?x4x?xf64>
        %b_forget = memref.load %bias[%l, %c0, %i] : memref<?x4x?xf64>
        %wx_forget = arith.mulf %x, %w_forget : f64
        %z_forget = arith.addf %wx_forget, %b_forget : f64
        %minus_forget = arith.negf %z_forget : f64
        %exp_forget = math.exp %minus_forget : f64
        %below_forget = arith.addf %one, %exp_forget : f64
        %forget = arith.divf %one, %below_forget : f64

        %w_input = memref.load %weight[%l, %c1, %i] : memref<?x4x?xf64>
        %b_input = memref.load %bias[%l, %c1, %i] : memref<?x4x?xf64>
        %wh_input = arith.mulf %h, %w_input : f64
        %z_input = arith.addf %wh_input, %b_input : f64
        %minus_input = arith.negf %z_input : f64
        %exp_input = math.exp %minus_input : f64
        %below_input = arith.addf %one, %exp_input : f64
        %input = arith.divf %one, %below_input : f64

        %w_output = memref.load %weight[%l, %c2, %i] : memref<?x4x?xf64>
        %b_output = memref.load %bias[%l, %c2, %i] : memref<?x4x?xf64>
        %wx_output = arith.mulf %x, %w_output : f64
        %z_output = arith.addf %wx_output, %b_output : f64
        %minus_output = arith.negf %z_output : f64
        %exp_output = math.exp %minus_output : f64
        %below_output = arith.addf %one, %exp_output : f64
        %output = arith.divf %one, %below_output : f64

        %w_change = memref.load %weight[%l, %c3, %i] : memref<?x4x?xf64>
        %b_change = memref.load %bias[%l, %c3, %i] : memref<?x4x?xf64>
        %wh_change = arith.mulf %h, %w_change : f64
        %z_change = arith.addf %wh_change, %b_change : f64
        %change = math.tanh %z_change : f64

        %kept = arith.mulf %c, %forget : f64
        %taken = arith.mulf %input, %change : f64
        %c_next = arith.addf %kept, %taken : f64
        memref.store %c_next, %cell[%l, %i] : memref<?x?xf64>
        %tanh = math.tanh %c_next : f64
        %h_next = arith.mulf %output, %tanh : f64
        memref.store %h_next, %hidden[%l, %i] : memref<?x?xf64>
        memref.store %h_next, %signal[%i] : memref<?xf64>
      }
    }

    %partition = scf.for %i = %c0 to %units step %c1 iter_args(%s = %two) -> (f64) {
      %x = memref.load %signal[%i] : memref<?xf64>
      %w = memref.load %extra[%c1, %i] : memref<3x?xf64>
      %b = memref.load %extra[%c2, %i] : memref<3x?xf64>
      %wx = arith.mulf %x, %w : f64
      %y = arith.addf %wx, %b : f64
      memref.store %y, %signal[%i] : memref<?xf64>
      %exp = math.exp %y : f64
      %s_next = arith.addf %s, %exp : f64
      scf.yield %s_next : f64
    }
    %log_partition = math.log %partition : f64

    %t_next = arith.addi %t, %c1 : index
    %sum_next = scf.for %i = %c0 to %units step %c1 iter_args(%s = %sum) -> (f64) {
      %y = memref.load %signal[%i] : memref<?xf64>
      %log_likelihood = arith.subf %y, %log_partition : f64
      %gold = memref.load %sequence[%t_next, %i] : memref<?x?xf64>
      %share = arith.mulf %gold, %log_likelihood : f64
      %s_next = arith.addf %s, %share : f64
      scf.yield %s_next : f64
    }
    scf.yield %sum_next : f64
  }
  memref.dealloc %signal : memref<?xf64>

  %count = arith.muli %predictions, %units : index
  %count_integer = arith.index_cast %count : index to i64
  %count_float = arith.sitofp %count_integer : i64 to f64
  %mean = arith.divf %total, %count_float : f64
  %loss = arith.negf %mean : f64
  func.return %loss : f64
}
